"""Terminals, pipes and limits that are not what one is used to."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

TINY = ["run", "dcgan", "--tiny", "--device", "cpu", "--budget", "3steps"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ganzoo", *arguments]


def test_a_training_goes_on_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    folder = tmp_path / "run"
    done = subprocess.run(
        command(*TINY, "--out", str(folder)), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120
    )
    os.close(writer)
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "summary.json").read_text())["outcome"] == "done"


@pytest.mark.parametrize("arguments", [["list"], ["list", "--format", "json"], ["show", "dcgan"]])
def test_a_reader_that_goes_is_no_error(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command(*arguments), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_few_open_files_are_enough(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = subprocess.run(
        command(*TINY, "--out", str(tmp_path / "run")), preexec_fn=limit, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "20"), ("CI", "true")])
def test_no_terminal_gets_plain_lines(name: str, value: str) -> None:
    environment = {**os.environ, name: value}
    done = subprocess.run(command("list"), env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "dcgan" in done.stdout and "\x1b" not in done.stdout
