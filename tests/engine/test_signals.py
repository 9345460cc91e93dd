"""Ctrl-C once saves and stops, twice stops at once; SIGTERM saves too. In processes of their own."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ganzoo.engine import checkpoint
from ganzoo.engine.signals import stop_on_signals
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View

LONG = ["--tiny", "--device", "cpu", "--budget", "1h", "--log-every", "5steps", "--threads", "1"]


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """A run that has logged its first steps."""
    command = [sys.executable, "-m", "ganzoo", "run", "dcgan", *LONG, *arguments, "--out", str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=listen_to_hang_ups
    )
    deadline = time.monotonic() + 120
    while not (folder / "scalars.jsonl").is_file():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.02)
    return process


def listen_to_hang_ups() -> None:
    """Whoever runs the tests may have turned them off."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        pytest.param(signal.SIGTERM, 143, "term", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 143, "term", marks=pytest.mark.slow),
        pytest.param(signal.SIGUSR1, 143, "term", marks=pytest.mark.slow),
    ],
)
def test_one_signal_saves_and_ends(tmp_path: Path, number: signal.Signals, code: int, word: str) -> None:
    process = started(tmp_path / "run")
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    newest = checkpoint.steps_in(tmp_path / "run" / "checkpoints")[-1]
    assert newest >= 5  # there was none between step 0 and the signal
    assert word in output and "--resume" in output and "Traceback" not in output


@pytest.mark.slow
def test_a_second_ctrl_c_stops_at_once_and_saves_nothing(tmp_path: Path) -> None:
    # A step of this size takes more than a second on any machine, which leaves time for the second ctrl-C.
    large = ("--size", "64", "--batch", "1024", "--set", "data.count=1024", "--log-every", "1steps")
    process = started(tmp_path / "run", *large)
    time.sleep(0.2)  # the log is written between two steps: now the next one is running
    # Two signals during one long call into torch reach Python as one, so the key is pressed until it helps.
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    assert checkpoint.steps_in(tmp_path / "run" / "checkpoints") == [0]
    assert not list((tmp_path / "run" / "checkpoints").glob(".step-*.part"))


def test_a_signal_breaks_off_a_score_and_nothing_else() -> None:
    with stop_on_signals() as request:
        ended = False
        with request.interruptible():
            signal.raise_signal(signal.SIGTERM)
            ended = True
        assert not ended and request.signal == signal.SIGTERM


def test_one_of_several_processes_waits_until_all_know() -> None:
    with stop_on_signals(alone=False) as request:
        signal.raise_signal(signal.SIGTERM)
        assert request.received == signal.SIGTERM and request.signal is None
        request.agree_on(signal.SIGTERM)
        assert request.signal == signal.SIGTERM


@pytest.mark.parametrize("step", [1, 3])
def test_a_process_alone_takes_no_further_step(train: Callable[..., Run], step: int) -> None:
    """After a signal that comes between two steps, or after the last one."""

    class Asked(View):
        def stepped(self, run: Run) -> None:
            if run.progress.steps == step:
                signal.raise_signal(signal.SIGTERM)

    run = train(view=Asked(), budget="3steps")
    assert (run.outcome, run.progress.steps) == ("terminated", step)


def test_a_hang_up_that_was_turned_off_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as request:
            signal.raise_signal(signal.SIGHUP)
        assert request.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)
