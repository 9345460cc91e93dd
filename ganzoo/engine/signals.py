"""Signals that end a run: the first one after the current step and a checkpoint, a second ctrl-C at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SAVING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
"""Ctrl-C; what schedulers send before they reclaim a machine; a closed terminal; the --signal of Slurm."""


class _Stopped(Exception):
    """Interrupts work that can be skipped, since the run is to end."""


class StopRequest:
    """A signal that asks the run to end.

    `received` is the signal that this process got, at any moment. `signal` is the one that all processes know of. The
    loop follows `signal` only: otherwise one process would stop while the others begin another step. For a process that
    trains `alone` the two are the same.
    """

    def __init__(self, *, alone: bool = True) -> None:
        self._alone = alone
        self.received: signal.Signals | None = None
        self.signal: signal.Signals | None = None
        self._interruptible = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
        if self._alone:
            self.signal = self.received
        if self._interruptible:
            raise _Stopped

    def agree_on(self, number: int) -> None:
        """Sets the signal that the processes have agreed on, since one of them received it; 0 stands for none."""
        if number and self.signal is None:
            self.signal = signal.Signals(number)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A block that a signal ends silently: a score may take longer than the time left to stop."""
        self._interruptible = True
        try:
            yield
        except _Stopped:
            pass
        finally:
            self._interruptible = False


@contextmanager
def stop_on_signals(*, alone: bool = True) -> Iterator[StopRequest]:
    """Catches the signals while the block runs. Only the main thread can; in any other this does nothing."""
    request = StopRequest(alone=alone)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request) for number in _caught()}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _caught() -> Iterator[signal.Signals]:
    """The signals that this system has, without a hang-up that `nohup` ignores so that the run continues."""
    for name in SAVING:
        number: Any = getattr(signal, name, None)
        if number is not None and not (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
            yield number
