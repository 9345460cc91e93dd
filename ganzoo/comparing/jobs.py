"""Trains the runs of a comparison, each in a process of its own, so that one that dies takes no other with it."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from ganzoo.comparing.plan import RAY, Entry, Jobs, Settings
from ganzoo.comparing.processes import can_go_on, problem_of, start, stop
from ganzoo.runs.paths import SUMMARY

_POLL = 0.2
Told = Callable[[Entry, str], None]


class Workers(Protocol):
    """Where runs are trained. `busy` counts those that have not ended, `full` says that no more fit."""

    starts: str
    """What is said of a run that is handed over."""

    @property
    def busy(self) -> int:
        """Runs that have not ended."""

    @property
    def full(self) -> bool:
        """Whether the next run has to wait here."""

    def start(self, entry: Entry) -> None:
        """Takes a run over."""

    def ended(self) -> list[tuple[Entry, bool]]:
        """The runs that have ended since this was asked last, and whether they came to their end."""

    def stop(self) -> None:
        """Lets all runs save and end."""


class Local:
    """So many processes at a time on this machine."""

    starts = "starts"

    def __init__(self, settings: Settings, flags: Sequence[str], jobs: int) -> None:
        self._settings = settings
        self._flags = flags
        self._jobs = jobs
        self._running: dict[subprocess.Popen[bytes], Entry] = {}

    @property
    def busy(self) -> int:
        """Processes that run."""
        return len(self._running)

    @property
    def full(self) -> bool:
        """Whether as many run as are wanted."""
        return self.busy >= self._jobs

    def start(self, entry: Entry) -> None:
        """Starts a process."""
        self._running[start(entry, self._settings, self._flags)] = entry

    def ended(self) -> list[tuple[Entry, bool]]:
        """Those whose process has ended."""
        over = [process for process in self._running if process.poll() is not None]
        return [(self._running.pop(process), process.returncode == 0) for process in over]

    def stop(self) -> None:
        """Waits until they have saved."""
        stop(list(self._running))


def is_done(folder: Path) -> bool:
    """Whether the run there came to the end of its budget."""
    try:
        return bool(json.loads((folder / SUMMARY).read_text())["outcome"] == "done")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def train_all(entries: Sequence[Entry], settings: Settings, *, jobs: Jobs, flags: Sequence[str], told: Told) -> None:
    """Trains what is not done yet, `jobs` at a time or as tasks of Ray, and tells of each start and end.

    `flags` go before the command's name (--no-plugins, --registry). On ctrl-C the runs save and stop, and
    KeyboardInterrupt is raised: the same comparison then goes on where they were. Raises UsageError when Ray is asked
    for and can't be reached.
    """
    waiting = [entry for entry in entries if not entry.trained and not entry.problem and not is_done(entry.folder)]
    if not waiting:
        return
    with _workers(settings, flags, jobs) as workers:
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            while waiting or workers.busy:
                while waiting and not workers.full:
                    entry = waiting.pop(0)
                    told(entry, "goes on" if can_go_on(entry.folder) else workers.starts)
                    workers.start(entry)
                for entry, well in workers.ended():
                    told(entry, "done" if well else f"failed: {problem_of(entry.folder)}")
                time.sleep(_POLL)
        except BaseException:  # whatever ends us must not leave runs behind that nobody watches
            workers.stop()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)


def _workers(settings: Settings, flags: Sequence[str], jobs: Jobs) -> AbstractContextManager[Workers]:
    if jobs != RAY:
        return nullcontext(Local(settings, flags, jobs))
    from ganzoo.comparing.cluster import cluster  # here, as few have Ray

    return cluster(settings, flags)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
