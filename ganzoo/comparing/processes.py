"""One run of a comparison as a process: the command, its log, and how it is asked to stop."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ganzoo.comparing.plan import Entry, Settings
from ganzoo.runs.paths import RUN_FILE

GRACE = 120.0
"""Seconds that interrupted runs have to save."""


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


def start(
    entry: Entry,
    settings: Settings,
    flags: Sequence[str],
    more: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> "subprocess.Popen[bytes]":
    """Starts the process that trains the run, with `more` in its environment; it calls `before` first."""
    environment = {**os.environ, **(more or {})}
    if settings.threads:
        environment["OMP_NUM_THREADS"] = str(settings.threads)
    with log_of(entry.folder).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ganzoo", *flags, *command_of(entry, settings)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            preexec_fn=before,
            start_new_session=True,  # so that ctrl-C reaches a run once, through us
        )


def stop(running: "Sequence[subprocess.Popen[bytes]]") -> None:
    """Lets runs save and end; what takes too long is killed."""
    for process in running:
        process.terminate()  # and no ctrl-C, which is blocked in whatever a task of Ray starts
    deadline = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
