"""Trains the runs of a comparison as tasks of Ray, on a cluster or, where there is none, on this machine.

A task runs the same command in the same folder as a local job. All machines must therefore share these folders.
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
from ganzoo.comparing.processes import log_file, start, stop
from ganzoo.errors import UsageError, one_line
from ganzoo.io.files import appending
from ganzoo.runs.parent import GRACE

_POLL = 0.2
_PR_SET_PDEATHSIG = 1
_LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
_FORWARDED = "GANZOO_"
"""Prefix of the environment variables that are forwarded to runs on other machines."""


class Cluster:
    """The tasks of one comparison. `ray` is the module; it is an argument, so that nothing else has to import it."""

    starts = "is queued"
    full = False

    def __init__(self, ray: Any, settings: Settings, flags: Sequence[str]) -> None:
        self._ray = ray
        self._settings = settings
        self._flags = flags
        self._waits: dict[Any, Entry] = {}
        gpus = float(ray.cluster_resources().get("GPU", 0))
        needs = {"num_cpus": settings.threads, "num_gpus": 1 if _wants_gpu(settings, gpus) else 0}
        # When a machine dies, Ray restarts its task elsewhere, and the run resumes from its newest checkpoint.
        self._task = ray.remote(**needs)(train)

    @property
    def busy(self) -> int:
        """The number of tasks that wait or run."""
        return len(self._waits)

    def start(self, entry: Entry) -> None:
        """Submits a task to Ray, which finds a machine for it."""
        forwarded = {name: value for name, value in os.environ.items() if name.startswith(_FORWARDED)}
        task = self._task.remote(entry, self._settings, list(self._flags), str(Path.cwd()), forwarded)
        self._waits[task] = entry

    def ended(self) -> list[tuple[Entry, bool]]:
        """The runs whose task has ended, each with whether it succeeded.

        An error of the task itself, of which the run knows nothing, is appended to the run's log.
        """
        over, _ = self._ray.wait(list(self._waits), num_returns=self.busy, timeout=0) if self._waits else ([], [])
        return [(entry := self._waits.pop(task), self._succeeded(task, entry)) for task in over]

    def _succeeded(self, task: Any, entry: Entry) -> bool:
        try:
            return bool(self._ray.get(task) == 0)
        except Exception as error:  # anything that Ray or the machine of the task may raise
            with appending(log_file(entry.folder)) as log:
                log.write(f"ganzoo: its Ray task failed: {_cause(error)}\n".encode())
            return False

    def stop(self) -> None:
        """Cancels all tasks. Running ones have GRACE seconds to save before they are killed."""
        for task in self._waits:
            self._ray.cancel(task)
        if self._waits:
            _, left = self._ray.wait(list(self._waits), num_returns=self.busy, timeout=GRACE)
            for task in left:
                self._ray.cancel(task, force=True)


@contextmanager
def cluster(settings: Settings, flags: Sequence[str]) -> Iterator[Cluster]:
    """Connects to the cluster at RAY_ADDRESS or to one that runs on this machine; starts one here if there is none.

    Raises UsageError when Ray can't be reached or started.
    """
    ray = importlib.import_module("ray")
    ours = not ray.is_initialized()
    if ours:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # by default Ray reports its use to its makers
        try:
            ray.init(log_to_driver=False, logging_level="error")
        except Exception as error:  # ConnectionError, RuntimeError, ValueError and others, depending on the cause
            raise UsageError(f"Ray can't be reached or started: {one_line(error)}") from None
    try:
        yield Cluster(ray, settings, flags)
    finally:
        if ours:
            ray.shutdown()


def train(
    entry: Entry, settings: Settings, flags: Sequence[str], working_folder: str, environment: Mapping[str, str]
) -> int:
    """The task: starts or resumes a run in its own process and returns the exit code.

    When Ray cancels the task, the run saves and stops.
    """
    os.chdir(working_folder)  # relative paths of data start from the folder where the user ran the command
    process = start(entry, settings, flags, environment, _end_with_parent if sys.platform == "linux" else None)
    try:
        while (code := process.poll()) is None:
            time.sleep(_POLL)  # Ray can interrupt Python code only, and not a call that waits in the system
        return code
    except BaseException:
        stop([process])
        raise


def _end_with_parent() -> None:
    """Asks the system to kill this process at once when its parent dies.

    Ray kills tasks that use too much memory. A run that outlived its task would keep that memory. It would also keep
    the folder locked against the task that is to resume it.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wants_gpu(settings: Settings, gpus: float) -> bool:
    device = str(settings.options.get("device", "auto"))
    return device.startswith("cuda") or (device == "auto" and gpus > 0)


def _cause(error: Exception) -> str:
    """The task's own error in one line. Ray wraps it in another, whose text is the whole traceback."""
    return one_line(getattr(error, "cause", None) or error)
