"""Terminals, pipes and limits that are not what one is used to."""

import json
import os
import pty
import re
import resource
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]")
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


@pytest.mark.slow
def test_few_open_files_are_enough(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = subprocess.run(
        command(*TINY, "--out", str(tmp_path / "run")), preexec_fn=limit, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal of 100 columns gets to see."""
    keyboard, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (40, 100))
    usual = {key: value for key, value in os.environ.items() if key not in ("CI", "COLUMNS", "NO_COLOR")}
    done = subprocess.Popen(
        command(*arguments),
        env={**usual, "TERM": "xterm-256color", **environment},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # how Linux says that the other end has closed
        while block := os.read(keyboard, 4096):
            shown += block
    os.close(keyboard)
    assert done.wait(120) == 0, shown
    return shown.decode()


@pytest.mark.slow
def test_a_terminal_gets_colours_unless_it_wants_none(tmp_path: Path) -> None:
    assert COLOUR.search(on_a_terminal(*TINY, "--out", str(tmp_path / "coloured")))
    assert not COLOUR.search(on_a_terminal(*TINY, "--out", str(tmp_path / "plain"), NO_COLOR="1"))


@pytest.mark.slow
def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    for arguments in (["list"], [*TINY, "--out", str(tmp_path / "run")]):
        shown = on_a_terminal(*arguments, TERM="dumb")
        assert "dcgan" in shown and "\x1b" not in shown


@pytest.mark.parametrize(("name", "value"), [("COLUMNS", "20"), ("CI", "true")])
def test_a_pipe_gets_plain_lines(name: str, value: str) -> None:
    environment = {**os.environ, name: value}
    done = subprocess.run(command("list"), env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "dcgan" in done.stdout and "\x1b" not in done.stdout
