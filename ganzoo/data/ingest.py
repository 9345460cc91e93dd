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
    """Writes the files of an entry to the folder `draft` and gives the fingerprint of its content.

    Raises OSError when the disk is full, which is looked at beforehand where the source knows its count.
    """
    _check_space(source.count(), size)
    index, labels = _write_pixels(source, size, draft / PIXELS, view)
    np.save(draft / LABELS, np.array(labels, dtype=np.int64).reshape(len(labels), len(source.attributes)))
    (draft / INDEX).write_text(json.dumps(index))
    for file in draft.iterdir():
        sync_file(file)
    return str(index["fingerprint"])


def _write_pixels(
    source: PictureStream, size: Size, file: Path, view: View
) -> tuple[dict[str, Any], list[tuple[int, ...]]]:
    """Written from front to back, so that memory stays flat and a full disk is an error and not a crash."""
    total = source.count()
    labels: list[tuple[int, ...]] = []
    skipped: list[tuple[str, str]] = []
    notes: Counter[str] = Counter()
    content = hashlib.sha256()
    digests = False
    with file.open("wb") as pixels:
        for done, picture in enumerate(source.pictures(size), 1):
            digests = digests or bool(picture.digest)
            usable = "usable" if picture.pixels is not None else "skipped"
            content.update(os.fsencode(picture.name) + f"\0{picture.digest}\0{usable}\0".encode())
            if picture.pixels is None:
                skipped.append((picture.name, picture.problem))
                view.skipping(picture.name, picture.problem)
            else:
                pixels.write(_bytes_of(picture, size))
                labels.append(picture.labels)
                notes.update(picture.notes)
            if done % _REPORT_EVERY == 0 or done == total:
                view.reading(done, total, len(skipped))
    if total is None:
        view.reading(len(labels) + len(skipped), len(labels) + len(skipped), len(skipped))
    index = {
        "shape": [len(labels), size.height, size.width, 3],
        "attributes": {name: list(values) for name, values in source.attributes.items()},
        "fingerprint": f"content:{content.hexdigest()[:32]}" if digests else source.fingerprint(),
        "skipped": skipped,
        "notes": dict(notes),
    }
    return index, labels


def _bytes_of(picture: Picture, size: Size) -> bytes:
    pixels = picture.pixels
    assert pixels is not None
    if pixels.shape != (size.height, size.width, 3) or pixels.dtype != np.uint8:
        raise DataError(
            f"the data set gave '{picture.name}' as {pixels.dtype} {pixels.shape}, asked for uint8"
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
        " set GANZOO_CACHE to a folder on a larger disk, or choose a smaller --size"
    )
