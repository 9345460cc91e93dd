"""Trains the runs of a comparison as tasks of Ray, on a cluster or, where there is none, on this machine.

A task does what a local job does: it runs the same command in the same folders, which all machines must share.
"""

import ctypes
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganzoo.comparing.plan import Entry, Settings
from ganzoo.comparing.processes import GRACE, log_of, start, stop
from ganzoo.errors import UsageError, one_line

_POLL = 0.2
_PR_SET_PDEATHSIG = 1
_LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
_PASSED_ON = "GANZOO_"
"""Variables of the environment that runs on other machines need too begin so."""


class Cluster:
    """The tasks of one comparison. `ray` is the module, given so that nothing else has to import it."""

    starts = "is queued"
    full = False

    def __init__(self, ray: Any, settings: Settings, flags: Sequence[str]) -> None:
        self._ray = ray
        self._settings = settings
        self._flags = flags
        self._waits: dict[Any, Entry] = {}
        gpus = float(ray.cluster_resources().get("GPU", 0))
        needs = {"num_cpus": settings.threads, "num_gpus": 1 if _wants_gpu(settings, gpus) else 0}
        # A task whose machine dies is started again by Ray, and goes on from its newest checkpoint.
        self._task = ray.remote(**needs)(train)

    @property
    def busy(self) -> int:
        """Tasks that wait or run."""
        return len(self._waits)

    def start(self, entry: Entry) -> None:
        """Gives a task to Ray, which finds a machine for it."""
        passed_on = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
        task = self._task.remote(entry, self._settings, list(self._flags), str(Path.cwd()), passed_on)
        self._waits[task] = entry

    def ended(self) -> list[tuple[Entry, bool]]:
        """Those whose task has ended; why one did without its run saying so goes into the run's log."""
        over, _ = self._ray.wait(list(self._waits), num_returns=self.busy, timeout=0) if self._waits else ([], [])
        return [(entry := self._waits.pop(task), self._went_well(task, entry)) for task in over]

    def _went_well(self, task: Any, entry: Entry) -> bool:
        try:
            return bool(self._ray.get(task) == 0)
        except Exception as error:  # whatever Ray or the machine it chose came upon
            with log_of(entry.folder).open("a") as log:
                log.write(f"ganzoo: its Ray task failed: {_cause(error)}\n")
            return False

    def stop(self) -> None:
        """Cancels what waits, lets what runs save, and ends what takes too long."""
        for task in self._waits:
            self._ray.cancel(task)
        if self._waits:
            _, left = self._ray.wait(list(self._waits), num_returns=self.busy, timeout=GRACE)
            for task in left:
                self._ray.cancel(task, force=True)


@contextmanager
def cluster(settings: Settings, flags: Sequence[str]) -> Iterator[Cluster]:
    """Connects to the cluster that Ray knows of (RAY_ADDRESS, or one started on this machine), else starts one here.

    Raises UsageError when it can't be reached.
    """
    ray = importlib.import_module("ray")
    ours = not ray.is_initialized()
    if ours:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports its use to its makers unless told not to
        try:
            ray.init(log_to_driver=False, logging_level="error")
        except Exception as error:  # ConnectionError, RuntimeError, ValueError …, by what stands in its way
            raise UsageError(f"Ray can't be reached or started: {one_line(error)}") from None
    try:
        yield Cluster(ray, settings, flags)
    finally:
        if ours:
            ray.shutdown()


def train(
    entry: Entry, settings: Settings, flags: Sequence[str], working_folder: str, environment: Mapping[str, str]
) -> int:
    """The task: trains a run, or goes on with it, in a process of its own; gives the exit code.

    When Ray cancels the task the run saves and stops.
    """
    os.chdir(working_folder)  # paths of data are as they were written there
    process = start(entry, settings, flags, environment, _end_with_parent if sys.platform == "linux" else None)
    try:
        while (code := process.poll()) is None:
            time.sleep(_POLL)  # Ray interrupts Python between two calls, and never a call that waits for the system
        return code
    except BaseException:
        stop([process])
        raise


def _end_with_parent() -> None:
    """Has the system kill this process when the one that started it is gone.

    Ray kills tasks that take too much memory. A run that outlived its task would keep the memory, and the folder from
    the task that is to go on with it.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wants_gpu(settings: Settings, gpus: float) -> bool:
    device = str(settings.options.get("device", "auto"))
    return device.startswith("cuda") or (device == "auto" and gpus > 0)


def _cause(error: Exception) -> str:
    """What an error of Ray says, which wraps that of the task and its whole traceback."""
    return one_line(getattr(error, "cause", None) or error)
