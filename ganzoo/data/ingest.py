"""Reads every picture of a source once, and writes pixels, labels and an index into a draft of a cache entry."""

import hashlib
import json
import os
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.config.units import Size
from ganzoo.data.source import Picture, PictureStream
from ganzoo.errors import DataError
from ganzoo.io.files import cache_folder, sync_file
from ganzoo.runs.view import View

PIXELS = "pixels.u8"
LABELS = "labels.npy"
INDEX = "index.json"
_REPORT_EVERY = 16


def write_entry(source: PictureStream, size: Size, draft: Path, view: View) -> str:
    """Writes the files of an entry to the folder `draft` and returns the fingerprint of its content.

    Raises OSError when the disk is full. Where the source knows its count, the space is checked beforehand.
    """
    _check_space(source.count(), size)
    read = _Pictures(size, view)
    _write_pixels(source, draft / PIXELS, read)
    labels = np.array(read.labels, dtype=np.int64).reshape(len(read.labels), len(source.attributes))
    np.save(draft / LABELS, labels)
    index = read.index(source)
    (draft / INDEX).write_text(json.dumps(index), encoding="utf-8")
    for file in draft.iterdir():
        sync_file(file)
    return str(index["fingerprint"])


class _Pictures:
    """What was found in the pictures that were read so far."""

    def __init__(self, size: Size, view: View) -> None:
        self.size = size
        self.labels: list[tuple[int, ...]] = []
        self.skipped: list[tuple[str, str]] = []
        self._view = view
        self._notes: Counter[str] = Counter()
        self._content = hashlib.sha256()
        self._digests = False

    def __len__(self) -> int:
        return len(self.labels) + len(self.skipped)

    def add(self, picture: Picture) -> bytes:
        """The pixels of the next picture; none where it can't be used."""
        self._digests = self._digests or bool(picture.digest)
        usable = "usable" if picture.pixels is not None else "skipped"
        self._content.update(os.fsencode(picture.name) + f"\0{picture.digest}\0{usable}\0".encode())
        if picture.pixels is None:
            self.skipped.append((picture.name, picture.problem))
            self._view.skipping(picture.name, picture.problem)
            return b""
        pixels = _bytes_of(picture, self.size)
        self.labels.append(picture.labels)
        self._notes.update(picture.notes)
        return pixels

    def report(self, total: int | None) -> None:
        """Shows how many pictures were read, of `total` where that is known."""
        self._view.reading(len(self), total, len(self.skipped))

    def index(self, source: PictureStream) -> dict[str, Any]:
        """The content of the index, once all pictures were read."""
        return {
            "shape": [len(self.labels), self.size.height, self.size.width, 3],
            "attributes": {name: list(values) for name, values in source.attributes.items()},
            "fingerprint": f"content:{self._content.hexdigest()[:32]}" if self._digests else source.fingerprint(),
            "skipped": self.skipped,
            "notes": dict(self._notes),
        }


def _write_pixels(source: PictureStream, file: Path, read: _Pictures) -> None:
    """Writes from front to back, so that memory use stays flat and a full disk is an error instead of a crash."""
    total = source.count()
    with file.open("wb") as pixels:
        for picture in source.pictures(read.size):
            pixels.write(read.add(picture))
            if len(read) % _REPORT_EVERY == 0 or len(read) == total:
                read.report(total)
    if total is None:
        read.report(len(read))


def _bytes_of(picture: Picture, size: Size) -> bytes:
    pixels = picture.pixels
    assert pixels is not None
    if pixels.shape != (size.height, size.width, 3) or pixels.dtype != np.uint8:
        raise DataError(
            f"the data set gave '{picture.name}' as {pixels.dtype} {pixels.shape} instead of uint8"
            f" {(size.height, size.width, 3)}"
        )
    return pixels.tobytes()


def _check_space(count: int | None, size: Size) -> None:
    if count is not None and _needed(count, size) > shutil.disk_usage(cache_folder()).free:
        raise OSError("not enough space")


def _needed(count: int, size: Size) -> int:
    return count * size.height * size.width * 3


def no_space(reason: str, count: int | None, size: Size) -> str:
    """The message for a cache that can't be written: what is needed, and what is free."""
    free = 0
    with suppress(OSError):
        free = shutil.disk_usage(cache_folder()).free
    needed = f"{_needed(count, size) / 1e6:.0f} MB" if count is not None else "an unknown amount"
    return (
        f"can't write the image cache '{cache_folder()}' ({reason}): {needed} needed, {free / 1e6:.0f} MB free;"
        " set GANZOO_CACHE to a folder on a larger disk, or choose a smaller --size or load_size"
    )
