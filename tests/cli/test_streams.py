"""Streams that are closed, full, slow or unable to spell a letter: no command ends because of what it prints."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ganzoo.cli.streams import Unbroken

GANZOO = f"{sys.executable} -m ganzoo"
RUN = "run dcgan --tiny --device cpu --budget 10steps --out run"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def outcome(run: Path) -> str:
    return str(json.loads((run / "summary.json").read_text())["outcome"])


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["list", "list --format json", "show dcgan", "plugins", "--help", "--version"])
def test_output_that_can_not_be_written_is_a_clear_error(command: str, unbuffered: str) -> None:
    done = shell(f"{GANZOO} {command} > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (6, "ganzoo: can't write the output: No space left on device\n")
    assert shell(f"{GANZOO} {command} > /dev/full 2>&1", PYTHONUNBUFFERED=unbuffered).returncode == 6


@pytest.mark.parametrize("closed", [">&-", "2>&-", "2>/dev/full", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_no_exit_code(closed: str) -> None:
    for command, code in (("list --format json", 0), ("--help", 0), ("nosuch", 2)):
        done = shell(f"{GANZOO} {command} {closed}")
        assert done.returncode == code and "Traceback" not in done.stderr
        if ">&-" not in closed.split():
            assert "dcgan" in done.stdout or command != "list --format json"


@pytest.mark.parametrize("streams", [">/dev/full 2>/dev/full", pytest.param("<&- >&- 2>&-", marks=pytest.mark.slow)])
def test_a_run_goes_on_without_its_output(here: Path, streams: str) -> None:
    assert shell(f"{GANZOO} {RUN} {streams}").returncode == 0
    assert outcome(here / "run") == "done"
    assert len((here / "run" / "scalars.jsonl").read_text().splitlines()) >= 1


@pytest.mark.slow
def test_python_trains_without_streams(here: Path) -> None:
    code = "import ganzoo; ganzoo.run('dcgan', tiny=True, device='cpu', budget='2steps', out='run')"
    assert shell(f'{sys.executable} -c "{code}" <&- >&- 2>&-').returncode == 0
    assert outcome(here / "run") == "done"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_an_encoding_lacks_is_spelt_otherwise(encoding: str, here: Path) -> None:
    Path("registry.yaml").write_text(
        "schema: 1\npresets:\n  warm:\n    model: dcgan\n    summary: 3 ± 1 … 森\n    set: {}\n", encoding="utf-8"
    )
    poor = {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    told = subprocess.run(
        [*GANZOO.split(), "list"], env={**os.environ, **poor}, capture_output=True, timeout=120, check=True
    ).stdout.decode(encoding)
    assert ("3 +- 1 ... \\u68ee" if encoding == "ascii" else "3 ± 1 ... \\u68ee") in told
    written = subprocess.run(
        [*GANZOO.split(), "list", "--format", "json"], env={**os.environ, **poor}, capture_output=True, timeout=120
    ).stdout
    assert "3 ± 1 … 森" in {row["summary"] for row in json.loads(written.decode(encoding))}


class Pipe:
    """A raw stream of a pipe that doesn't block."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        os.set_blocking(writer, False)
        self.raw = open(writer, "wb", buffering=0)  # noqa: SIM115  # closed by the test


def test_a_full_pipe_that_does_not_block_is_waited_for() -> None:
    pipe = Pipe()
    data = bytes(200_000)
    with pipe.raw, subprocess.Popen(["cat"], stdin=pipe.reader, stdout=subprocess.PIPE) as reader:
        os.close(pipe.reader)
        sink, sent = Unbroken(pipe.raw), 0
        got: list[bytes] = []
        thread = threading.Thread(target=lambda: got.append(reader.communicate()[0]))
        thread.start()
        while sent < len(data):
            sent += sink.write(data[sent:])
        pipe.raw.close()
        thread.join()
    assert got == [data] and sink.problem == ""
