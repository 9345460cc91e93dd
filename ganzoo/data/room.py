"""Bounds the memory of all threads together that decode pictures."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Room for so many pixels at once. Who asks first enters first, so a large picture is not passed by small ones."""

    def __init__(self, pixels: int) -> None:
        self._all = self._free = pixels
        self._door = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Waits until there is room, and keeps it inside the `with` block. More than all of it counts as all."""
        wanted = min(pixels, self._all)
        with self._door, self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify()
