"""Trains the runs of a comparison. Each has its own process, so one that crashes takes no other with it."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from ganzoo.comparing.plan import RAY, Entry, Jobs, Settings
from ganzoo.comparing.processes import failure_reason, has_checkpoint, start, stop
from ganzoo.errors import StorageError
from ganzoo.runs.claim import holder
from ganzoo.runs.logs import read_summary

_POLL = 0.2
Report = Callable[[Entry, str], None]
"""Receives a run and its new state in words: "starts", "resumes", "done", "failed: …"."""


class Workers(Protocol):
    """Where runs are trained: processes on this machine, or tasks of Ray."""

    starts: str
    """The state of a run that was just handed over, in words."""

    @property
    def busy(self) -> int:
        """The number of runs that were handed over and have not ended."""

    @property
    def full(self) -> bool:
        """Whether the next run must wait until another ends."""

    def start(self, entry: Entry) -> None:
        """Takes over a run."""

    def ended(self) -> list[tuple[Entry, bool]]:
        """The runs that have ended since the last call, each with whether it succeeded."""

    def stop(self) -> None:
        """Stops all runs, once they have saved."""


class Local:
    """Up to `jobs` processes at a time on this machine."""

    starts = "starts"

    def __init__(self, settings: Settings, flags: Sequence[str], jobs: int) -> None:
        self._settings = settings
        self._flags = flags
        self._jobs = jobs
        self._running: dict[subprocess.Popen[bytes], Entry] = {}

    @property
    def busy(self) -> int:
        """The number of running processes."""
        return len(self._running)

    @property
    def full(self) -> bool:
        """Whether `jobs` processes run."""
        return self.busy >= self._jobs

    def start(self, entry: Entry) -> None:
        """Starts the process of a run."""
        self._running[start(entry, self._settings, self._flags)] = entry

    def ended(self) -> list[tuple[Entry, bool]]:
        """The runs whose process has ended, each with whether its exit code was 0."""
        over = [process for process in self._running if process.poll() is not None]
        return [(self._running.pop(process), process.returncode == 0) for process in over]

    def stop(self) -> None:
        """Stops all processes and waits until they have saved."""
        stop(list(self._running))


def is_done(folder: Path) -> bool:
    """Whether the run in the folder has used up its budget."""
    try:
        return bool(read_summary(folder).get("outcome") == "done")
    except StorageError:
        return False


def train_all(
    entries: Sequence[Entry], settings: Settings, *, jobs: Jobs, flags: Sequence[str], report: Report
) -> None:
    """Trains the runs that are not done, `jobs` at a time or as tasks of Ray, and reports each start and end.

    `flags` go before the command's name (--no-plugins, --registry). On ctrl-C the runs save and stop; then
    KeyboardInterrupt is raised. The next call resumes them.

    Raises UsageError when `jobs` is "ray" and Ray can't be reached.
    """
    waiting = [entry for entry in entries if not entry.trained and not entry.problem and not is_done(entry.folder)]
    if not waiting:
        return
    with _workers(settings, flags, jobs) as workers, _ended_like_ctrl_c():
        held: set[Entry] = set()
        try:
            while waiting or workers.busy:
                _hand_over(waiting, workers, held, report)
                for entry, succeeded in workers.ended():
                    report(entry, "done" if succeeded else f"failed: {failure_reason(entry.folder)}")
                time.sleep(_POLL)
        except BaseException:  # whatever ends this process must not leave runs behind that nobody watches
            workers.stop()
            raise


def _hand_over(waiting: list[Entry], workers: Workers, held: set[Entry], report: Report) -> None:
    """Starts waiting runs, first come first served, until the workers are full.

    Those whose folder another process holds stay: a run of an earlier call that was killed may still save.
    """
    for entry in list(waiting):
        if workers.full:
            return
        if (other := holder(entry.folder)) is not None:
            if entry not in held:
                report(entry, f"waits for another process{other}, which still has its folder")
            held.add(entry)
            continue
        waiting.remove(entry)
        if is_done(entry.folder):
            report(entry, "done")
            continue
        report(entry, "resumes" if has_checkpoint(entry.folder) else workers.starts)
        workers.start(entry)


def _workers(settings: Settings, flags: Sequence[str], jobs: Jobs) -> AbstractContextManager[Workers]:
    if jobs != RAY:
        return nullcontext(Local(settings, flags, jobs))
    from ganzoo.comparing.cluster import cluster  # imported late, since few users have Ray

    return cluster(settings, flags)


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Treats a request to end, as a scheduler sends it, and a closed terminal like ctrl-C. Only the main thread can."""
    alone = threading.current_thread() is threading.main_thread()
    numbers = [number for name in ("SIGTERM", "SIGHUP") if alone and (number := getattr(signal, name, None))]
    # One that is ignored stays so: `nohup` ignores hang-ups.
    before = {n: signal.signal(n, _interrupt) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
