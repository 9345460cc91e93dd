"""Pixels in an open file, which can be read even after the file was deleted."""

import os
import weakref
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import GanzooError, StorageError, one_line


class StoredPixels:
    """The rows of a uint8 array in a file.

    They are read and not mapped: mapped pages would count as memory of the process, and a mapped file that is truncated
    would kill it. `mapped` is for its shape and for a look at a few. `again` writes a file anew that was truncated, or
    that a network drive lost, and returns its path.
    """

    def __init__(self, path: Path, shape: Sequence[int]) -> None:
        self.path = path
        self.again: Callable[[], Path] | None = None
        self.mapped = np.memmap(path, np.uint8, "r", shape=tuple(shape))
        self._open()

    def rows(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The rows of those numbers. Raises StorageError when they can't be read even from a file written anew."""
        try:
            return self._read(indices)
        except OSError as error:
            lost = f"the image cache '{self.path}' was lost while in use ({one_line(error)})"
        if self.again is None:
            raise StorageError(f"{lost}: resume the run")
        try:
            self.path = self.again()
            self._close()
            self._open()
            return self._read(indices)
        except (GanzooError, OSError) as error:
            raise StorageError(f"{lost}, and the images can't be read again: {one_line(error)}") from None

    def _open(self) -> None:
        self._file = FileIO(self.path)
        self._close = weakref.finalize(self, self._file.close)

    def _read(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        rows = np.empty((len(indices), *self.mapped.shape[1:]), np.uint8)
        for row, index in zip(rows, indices.tolist(), strict=True):
            if self._read_at(index * row.nbytes, row.data) != row.nbytes:
                raise OSError("cut off")
        return rows

    def _read_at(self, offset: int, into: memoryview) -> int | None:
        if hasattr(os, "preadv"):  # which leaves alone the position that forked processes share
            return os.preadv(self._file.fileno(), [into], offset)
        self._file.seek(offset)
        return self._file.readinto(into)
