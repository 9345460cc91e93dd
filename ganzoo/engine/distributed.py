"""Joins the processes that torchrun has started, or any launcher that sets the same environment variables."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import torch
from torch import distributed

from ganzoo.engine.processes import LostError, Processes
from ganzoo.errors import GanzooError, UsageError, one_line
from ganzoo.runs.ranks import started_with_others

SILENCE = timedelta(minutes=10)
"""A process that does not answer for this long counts as lost."""
_LOOK_EVERY = 0.05
"""Seconds between two checks for what the main process does alone, such as reading the data for the first time."""
_SURVIVORS_WAIT = 5.0
"""Seconds that the survivors wait for each other before they name who is missing."""


def own_device(name: str) -> str:
    """The device of this process: each process of a machine has a GPU of its own."""
    if not started_with_others():
        return name
    chosen = name if name != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if chosen == "cpu":
        return chosen
    if chosen != "cuda":
        raise UsageError(f"several processes can't share device '{name}': give cuda or cpu")
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


@contextmanager
def joined() -> Iterator["Team"]:
    """Joins all processes of the run while the block runs. Without torchrun there is only this one.

    An error on one process is reported to the others. Raises UsageError when they can't find each other.
    """
    if not started_with_others():
        yield Team(Processes(), None)
        return
    if distributed.is_initialized():  # by an enclosing block
        yield _team()
        return
    try:
        store, rank, count = next(distributed.rendezvous("env://", timeout=SILENCE))  # type: ignore[attr-defined]  # public, but not in the stubs
        session = distributed.PrefixStore(_session(store, rank, count), store)  # type: ignore[attr-defined]  # the same
        distributed.init_process_group(backend=_backend(), store=session, rank=rank, world_size=count, timeout=SILENCE)
    except (RuntimeError, ValueError) as error:
        raise UsageError(f"the processes can't find each other: {one_line(error)}") from error
    team = _team()
    try:
        yield team
    except LostError as error:
        raise LostError(f"{error}; {team.missing()}") from error
    except BaseException as error:
        team.report_failure(error)
        raise
    finally:
        with suppress(RuntimeError):
            distributed.destroy_process_group()


def _session(store: Any, rank: int, count: int) -> str:
    """A key that only the processes of this start share.

    When torchrun restarts processes, they meet at the same store, which still has the addresses of the processes before
    them. Each machine counts restarts by itself, so that count is no common key (pytorch#135712). Therefore each
    process publishes a key of its own, and the main process answers with the session's key until all have it.
    """
    own = uuid4().hex
    if rank:
        store.set(f"hello/{rank}", own)
        return _until(lambda: _answer_to(own, store, rank))
    return _until(lambda: own if _all_know(own, store, count) else "")


def _answer_to(own: str, store: Any, rank: int) -> str:
    key, _, session = _read(store, f"answer/{rank}").partition(" ")
    if key != own:
        return ""
    store.set(f"known/{rank}", session)
    return session


def _all_know(session: str, store: Any, count: int) -> bool:
    for rank in range(1, count):
        if key := _read(store, f"hello/{rank}"):
            store.set(f"answer/{rank}", f"{key} {session}")
    return all(_read(store, f"known/{rank}") == session for rank in range(1, count))


def _read(store: Any, key: str) -> str:
    """The value of a key, without waiting for it; empty where there is none."""
    return str(store.get(key).decode()) if store.check([key]) else ""


def _until(answer: Callable[[], str]) -> str:
    """The answer once there is one. Raises RuntimeError when there is none in time."""
    deadline = time.monotonic() + SILENCE.total_seconds()
    while not (found := answer()):
        if time.monotonic() > deadline:
            raise RuntimeError("no answer")
        time.sleep(_LOOK_EVERY)
    return found


def _team() -> "Team":
    processes = Processes(distributed.get_rank(), distributed.get_world_size(), distributed.group.WORLD)
    return Team(processes, distributed.distributed_c10d._get_default_store())


def _backend() -> str:
    """NCCL for tensors on GPUs, where there are any; gloo for tensors on the CPU."""
    return "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and distributed.is_nccl_available() else "gloo"


class Team:
    """The processes of a run, and the notes that they exchange through the store where they met."""

    def __init__(self, processes: Processes, store: Any) -> None:
        self.processes = processes
        self._store = store

    def broadcast(self, name: str, text: str = "") -> str:
        """The text that the main process gives under that name; the others wait for it, however long it takes.

        Raises LostError when the main process fails instead.
        """
        if self._store is None:
            return text
        key = f"broadcast/{name}"
        if self.processes.is_main:
            self._store.set(key, text)
            return text
        try:
            while not self._store.check([key]):
                if self._has("failed", 0):
                    raise LostError("the main process has ended")
                time.sleep(_LOOK_EVERY)
            return _read(self._store, key)
        except RuntimeError as error:  # the store was kept by it, and is gone too
            raise LostError(f"the main process is gone: {one_line(error)}") from error

    @contextmanager
    def rank_zero_first(self, name: str) -> Iterator[None]:
        """Runs the block on the main process first, and on the others once that is done."""
        if not self.processes.is_main:
            self.broadcast(name)
        yield
        if self.processes.is_main:
            self.broadcast(name)

    def report_failure(self, error: BaseException) -> None:
        """Leaves a note for the others of why this process ends."""
        text = str(error) if isinstance(error, GanzooError) else one_line(error)
        with suppress(Exception):  # the process that keeps the store may be gone too
            self._note("failed", text)

    def missing(self) -> str:
        """Says which processes have failed, or else which no longer answer."""
        with suppress(Exception):
            self._note("here", "")
            time.sleep(_SURVIVORS_WAIT)
            ranks = range(self.processes.world_size)
            if failed := [rank for rank in ranks if self._has("failed", rank)]:
                return "; ".join(f"process {rank}: {_read(self._store, f'failed/{rank}')}" for rank in failed)
            missing = [str(rank) for rank in ranks if not self._has("here", rank)]
            return f"no answer from process {', '.join(missing) or '(all answer)'}"
        return "which one can't be found out"

    def _note(self, kind: str, text: str) -> None:
        self._store.set(f"{kind}/{self.processes.rank}", text)

    def _has(self, kind: str, rank: int) -> bool:
        return bool(self._store.check([f"{kind}/{rank}"]))
