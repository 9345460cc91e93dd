"""Trains the runs of a comparison, each in a process of its own, so that one that dies takes no other with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ganzoo.comparing.plan import Entry, Settings
from ganzoo.runs import RUN_FILE, SUMMARY

_POLL = 0.2
_GRACE = 120.0
"""Seconds that interrupted runs have to save."""
Told = Callable[[Entry, str], None]


def is_done(folder: Path) -> bool:
    """Whether the run there came to the end of its budget."""
    try:
        return bool(json.loads((folder / SUMMARY).read_text())["outcome"] == "done")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def train_all(entries: Sequence[Entry], settings: Settings, *, jobs: int, flags: Sequence[str], told: Told) -> None:
    """Trains what is not done yet, `jobs` at a time, and tells of each start and end.

    `flags` go before the command's name (--no-plugins, --registry). On ctrl-C the runs save and stop, and
    KeyboardInterrupt is raised: the same comparison then goes on where they were.
    """
    waiting = [entry for entry in entries if not entry.trained and not entry.problem and not is_done(entry.folder)]
    running: dict[subprocess.Popen[bytes], Entry] = {}
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                entry = waiting.pop(0)
                told(entry, "goes on" if can_go_on(entry.folder) else "starts")
                running[_start(entry, settings, flags)] = entry
            for process in [process for process in running if process.poll() is not None]:
                entry = running.pop(process)
                told(entry, "done" if process.returncode == 0 else f"failed: {problem_of(entry.folder)}")
            time.sleep(_POLL)
    except BaseException:  # whatever ends us must not leave runs behind that nobody watches
        _stop(list(running))
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def can_go_on(folder: Path) -> bool:
    """Whether there is a run with a checkpoint to resume from."""
    return (folder / RUN_FILE).is_file() and any((folder / "checkpoints").glob("step-*"))


def problem_of(folder: Path) -> str:
    """Why a run that did not finish says it ended: the last line it wrote."""
    try:
        lines = log_of(folder).read_text(errors="replace").splitlines()
    except OSError:
        return "it was not started"
    return next((line.removeprefix("ganzoo: ") for line in reversed(lines) if line.strip()), "it ended without a word")


def log_of(folder: Path) -> Path:
    """The file with what a run prints, beside its folder, which must be empty when the run starts."""
    return folder.with_name(f"{folder.name}.log")


def command_of(entry: Entry, settings: Settings) -> list[str]:
    """The arguments of the `ganzoo` command that trains the run, or goes on with it."""
    if can_go_on(entry.folder):
        return ["run", "--resume", str(entry.folder)]
    options = [f"--set={key}={value}" for key, value in settings.options.items()]
    threads = ["--threads", str(settings.threads)] if settings.threads else []
    tiny = ["--tiny"] if settings.tiny else []
    place = ["--out", str(entry.folder), "--overwrite"]  # of a run that died before its first checkpoint
    return ["run", entry.name, *tiny, *options, *threads, "--seed", str(entry.seed), *place]


def _start(entry: Entry, settings: Settings, flags: Sequence[str]) -> "subprocess.Popen[bytes]":
    environment = dict(os.environ)
    if settings.threads:
        environment["OMP_NUM_THREADS"] = str(settings.threads)
    with log_of(entry.folder).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ganzoo", *flags, *command_of(entry, settings)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # so that ctrl-C reaches a run once, through us
        )


def _stop(running: "Sequence[subprocess.Popen[bytes]]") -> None:
    for process in running:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _GRACE
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
