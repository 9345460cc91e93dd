"""The time that a run has been trained, which stands still while it is scored."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Seconds since `start`, added to those of earlier sittings."""

    def __init__(self, earlier: float = 0.0) -> None:
        self.earlier = earlier
        self._started = time.perf_counter()
        self._paused = 0.0

    def start(self) -> None:
        """Begins to count."""
        self._started, self._paused = time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        """Those of all sittings."""
        return self.earlier + time.perf_counter() - self._started - self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What the block takes does not count."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._paused += time.perf_counter() - began
