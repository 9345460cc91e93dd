"""One run of a comparison as a process: its command, its log, and how it is stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ganzoo.comparing.plan import Entry, Settings
from ganzoo.errors import StorageError, one_line
from ganzoo.io.files import appending
from ganzoo.io.untrusted import read_end
from ganzoo.runs.parent import GRACE, PARENT
from ganzoo.runs.paths import RUN_FILE

_MOST_SHOWN = 10_000
"""Bytes of a log's end in which its last line is looked for."""


def has_checkpoint(folder: Path) -> bool:
    """Whether the folder holds a run with a checkpoint to resume from."""
    return (folder / RUN_FILE).is_file() and any((folder / "checkpoints").glob("step-*"))


def failure_reason(folder: Path) -> str:
    """Why an unfinished run ended: the last line of its log."""
    try:
        lines = read_end(log_file(folder), _MOST_SHOWN).decode(errors="replace").splitlines()
    except OSError:
        return "it was not started"
    return next(
        (line.removeprefix("ganzoo: ") for line in reversed(lines) if line.strip()), "it ended without a message"
    )


def log_file(folder: Path) -> Path:
    """The file with the output of a run. It lies beside the run's folder, which must be empty when the run starts."""
    return folder.with_name(f"{folder.name}.log")


def training_command(entry: Entry, settings: Settings) -> list[str]:
    """The arguments of the `ganzoo` command that starts the run, or resumes it from its newest checkpoint."""
    if has_checkpoint(entry.folder):
        return ["run", "--resume", str(entry.folder)]
    options = [f"--set={key}={value}" for key, value in settings.options.items()]
    threads = ["--threads", str(settings.threads)] if settings.threads else []
    tiny = ["--tiny"] if settings.tiny else []
    # Overwrites what a run left that died before its first checkpoint.
    place = ["--out", str(entry.folder), "--overwrite"]
    return ["run", entry.name, *tiny, *options, *threads, "--seed", str(entry.seed), *place]


def start(
    entry: Entry,
    settings: Settings,
    flags: Sequence[str],
    environment: Mapping[str, str] | None = None,
    preexec: Callable[[], None] | None = None,
) -> "subprocess.Popen[bytes]":
    """Starts the process that trains the run and appends its output to the log.

    When this process dies, the run saves and ends. `environment` is added to that of this process. The new process
    calls `preexec` before anything else.
    """
    merged = {**os.environ, **(environment or {}), PARENT: str(os.getpid())}
    if settings.threads:
        merged["OMP_NUM_THREADS"] = str(settings.threads)
    with _log(entry.folder) as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ganzoo", *flags, *training_command(entry, settings)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=merged,
            preexec_fn=preexec,
            start_new_session=True,  # so ctrl-C reaches the run once, from `stop`, and not also from the terminal
        )


def _log(folder: Path) -> IO[bytes]:
    try:
        return appending(log_file(folder))
    except OSError as error:
        raise StorageError(f"can't write the log of a run: {one_line(error)}") from None


def stop(running: "Sequence[subprocess.Popen[bytes]]") -> None:
    """Asks the runs to save and end, and kills those that take longer than GRACE."""
    for process in running:
        process.terminate()  # not SIGINT, which every process that a task of Ray starts has blocked
    deadline = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
