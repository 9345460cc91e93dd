"""Signals that end a run: the first after its step and a checkpoint, a second ctrl-C the process at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SAVING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
"""Ctrl-C; what schedulers send before they take a machine away; a terminal that is closed; Slurm's --signal."""


class _Stopped(Exception):
    """What can wait is given up, since the run is to end."""


class StopRequest:
    """A signal that asks the run to end: `received` by this process, at any moment, and `signal` once all know of it.

    A run goes by the latter alone, or one process would leave for the end while the others begin another step. Of a
    process that trains `alone` the two are the same.
    """

    def __init__(self, *, alone: bool = True) -> None:
        self._alone = alone
        self.received: signal.Signals | None = None
        self.signal: signal.Signals | None = None
        self._giving_up = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
        if self._alone:
            self.signal = self.received
        if self._giving_up:
            raise _Stopped

    def hear(self, number: int) -> None:
        """Takes up what the processes have agreed on, if not 0: a signal that one of them got."""
        if number and self.signal is None:
            self.signal = signal.Signals(number)

    @contextmanager
    def giving_up(self) -> Iterator[None]:
        """A block that a signal breaks off without a word: a score may take longer than the time to be gone."""
        self._giving_up = True
        try:
            yield
        except _Stopped:
            pass
        finally:
            self._giving_up = False


@contextmanager
def stop_on_signals(*, alone: bool = True) -> Iterator[StopRequest]:
    """Catches the signals while the block runs; elsewhere than in the main thread it can't, and doesn't."""
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
    """Those that this system has; not a hang-up that `nohup` has turned off, since it is there to go on."""
    for name in SAVING:
        number: Any = getattr(signal, name, None)
        if number is not None and not (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
            yield number
