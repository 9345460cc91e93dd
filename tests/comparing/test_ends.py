"""However a comparison ends, its runs save and end with it, and the next call resumes them."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ganzoo.comparing import jobs
from ganzoo.comparing.plan import Entry, Settings
from ganzoo.engine.checkpoint import steps_in
from ganzoo.runs.claim import holder, locked
from ganzoo.runs.logs import read_summary
from tests.runs.test_parent import ends

TINY = ["--tiny", "--score-images", "50", "--set", "held_out=0.4", "--set", "device=cpu", "--out", "out"]


def hang_ups(handler: signal.Handlers) -> Callable[[], object]:
    """Sets what a process does with a closed terminal, since whoever runs the tests may have turned it off."""
    return lambda: signal.signal(signal.SIGHUP, handler)


def begun(folder: Path, preexec: Callable[[], object]) -> "tuple[subprocess.Popen[str], int]":
    """A comparison whose run trains, and the number of the run's process."""
    command = [sys.executable, "-m", "ganzoo", "compare", "dcgan", "--budget", "1000000steps", *TINY]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=preexec
    )
    deadline = time.monotonic() + 120
    while not (folder / "out/dcgan-0/scalars.jsonl").exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.05)
    return process, json.loads((folder / "out/dcgan-0/.owner.json").read_text())["pid"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGHUP, 130)])
def test_no_run_outlives_its_comparison(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process, run = begun(tmp_path, hang_ups(signal.SIG_DFL))
    process.send_signal(number)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == code and "Traceback" not in said
    assert ends(run)
    summary = read_summary(tmp_path / "out/dcgan-0")
    assert summary["outcome"] == "terminated" and summary["checkpoint"] == summary["steps"] > 0


@pytest.mark.slow
def test_a_hang_up_that_is_turned_off_ends_nothing(tmp_path: Path) -> None:
    process, run = begun(tmp_path, hang_ups(signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    assert not ends(run, 2) and process.poll() is None
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130 and ends(run)


class Noted:
    """Workers that note what they are given, and are done with it at once."""

    starts, full = "starts", False

    def __init__(self) -> None:
        self.given: list[Entry] = []
        self.busy = 0

    def start(self, entry: Entry) -> None:
        self.given.append(entry)

    def ended(self) -> list[tuple[Entry, bool]]:
        return []

    def stop(self) -> None:
        pass


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    workers = Noted()
    monkeypatch.setattr(jobs, "Local", lambda *_: workers)
    monkeypatch.setattr(jobs, "_POLL", 0.02)
    return workers


def train(entries: Sequence[Entry]) -> list[str]:
    said: list[str] = []
    settings = Settings(names=tuple(entry.name for entry in entries))
    jobs.train_all(entries, settings, jobs=1, flags=(), report=lambda entry, text: said.append(f"{entry.name} {text}"))
    return said


@pytest.mark.parametrize(("outcome", "then"), [("terminated", "saving starts"), ("done", "saving done")])
def test_a_run_that_still_saves_is_waited_for(tmp_path: Path, noted: Noted, outcome: str, then: str) -> None:
    entries = [Entry(name=name, seed=0, folder=tmp_path / name) for name in ("saving", "free")]
    for entry in entries:
        entry.folder.mkdir()
    holds, ends = threading.Event(), threading.Event()

    def saves() -> None:
        with locked(entries[0].folder):
            holds.set()
            ends.wait(10)
            (entries[0].folder / "summary.json").write_text(json.dumps({"outcome": outcome}))

    thread = threading.Thread(target=saves)
    thread.start()
    assert holds.wait(10)
    assert "on " in (holder(entries[0].folder) or "")
    threading.Timer(0.3, ends.set).start()
    said = train(entries)
    thread.join()
    assert said[0].startswith("saving waits for another process (") and said[1:] == ["free starts", then]
    assert [entry.name for entry in noted.given] == (["free", "saving"] if outcome == "terminated" else ["free"])
    assert holder(entries[0].folder) is None and holder(tmp_path / "none") is None


def test_runs_are_trained_from_any_thread(tmp_path: Path, noted: Noted) -> None:
    """Only the main one can catch signals."""
    thread = threading.Thread(target=train, args=([Entry(name="one", seed=0, folder=tmp_path / "one")],))
    thread.start()
    thread.join()
    assert len(noted.given) == 1 and steps_in(tmp_path) == []
