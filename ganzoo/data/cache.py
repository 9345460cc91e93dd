"""The cache of data sets at training size: each picture is read once into a uint8 array on disk, then memory-mapped.

An entry is a folder. Its name is a hash of the pictures' content, the size and the version of the reading rules:

    pixels.u8    N H W 3, raw
    labels.npy   int64 N A
    index.json   shape, attributes, fingerprint, what was skipped and what was changed by which rule

A small file beside the entries maps a source's fingerprint, which is cheap, to its entry. So a second run reads no
picture, and a folder that was moved or copied finds its entry again.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.config.units import Size
from ganzoo.data.decode import RULES, decoders
from ganzoo.data.ingest import INDEX, LABELS, PIXELS, no_space, write_entry
from ganzoo.data.labels import with_usable_values
from ganzoo.data.source import PictureStream
from ganzoo.data.stored import StoredPixels
from ganzoo.errors import DataError, StorageError, one_line
from ganzoo.io.files import cache_folder, locking, write_atomically
from ganzoo.runs.view import View

_NAMED = 3
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError)


@dataclass(frozen=True, kw_only=True)
class Images:
    """A data set ready for training: `pixels` uint8 N H W 3, `labels` int64 N A for A attributes.

    `skipped` has the names of unusable pictures and the reasons, `notes` how many pictures each rule changed. Pixels in
    the cache are also in `stored`, from which `rows` and `take` read them.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    attributes: Mapping[str, tuple[str, ...]]
    fingerprint: str
    skipped: tuple[tuple[str, str], ...]
    notes: Mapping[str, int] = field(default_factory=dict)
    stored: StoredPixels | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """The images of those numbers as uint8 B 3 H W (channels last in memory) and their labels, int64 B A."""
        pixels = torch.from_numpy(self.rows(indices))
        return pixels.permute(0, 3, 1, 2), torch.from_numpy(self.labels[indices])

    def rows(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pixels of those numbers, uint8 B H W 3, whatever happened to the cache since it was opened."""
        if self.stored is not None and self.stored.mapped is self.pixels:
            return self.stored.rows(indices)
        return np.take(self.pixels, indices, axis=0)


def prepare(source: PictureStream, size: Size, view: View | None = None, *, max_bad: float = 1.0) -> Images:
    """All pictures of the source at `size`, from the cache when it has them.

    Of several processes that ask for the same pictures at once, one reads them. Raises DataError when all pictures, or
    more than the share `max_bad` of them, can't be used, StorageError when the cache can't be written.
    """
    view = view or View()
    key = _hash(RULES, decoders(), source.fingerprint(), size)
    images = _prepare(source, size, key, view)
    check_share(images, max_bad)
    if images.stored is not None:
        images.stored.again = partial(_written_again, source, size, key, view, images.fingerprint)
    if not images.skipped:
        return images
    attributes, labels = with_usable_values(images.attributes, images.labels)
    return replace(images, attributes=attributes, labels=labels)


def _prepare(source: PictureStream, size: Size, key: str, view: View) -> Images:
    try:
        try:
            return _read_once(source, size, key, view)
        except FileNotFoundError:
            view.notice("the image cache was emptied while the images were read into it; reading them again")
            return _read_once(source, size, key, view)
    except OSError as error:
        raise StorageError(
            f"can't use the image cache '{cache_folder()}': {one_line(error)}; set GANZOO_CACHE"
        ) from None


def _read_once(source: PictureStream, size: Size, key: str, view: View) -> Images:
    with _only_one(key, view):
        return _remembered(key) or _ingest(source, size, key, view)


def _written_again(source: PictureStream, size: Size, key: str, view: View, fingerprint: str) -> Path:
    """The pixels of an entry that was lost while in use. Raises DataError when the images have changed since."""
    view.notice("the image cache was lost while in use; reading the images again")
    images = _prepare(source, size, key, view)
    if images.fingerprint != fingerprint or images.stored is None:
        raise DataError("they have changed since the start")
    return images.stored.path


def check_share(images: Images, max_bad: float) -> None:
    """Raises DataError, which names the first bad pictures, when all or more than the share `max_bad` are bad."""
    bad, count = len(images.skipped), len(images) + len(images.skipped)
    named = "; ".join(f"'{name}': {problem}" for name, problem in images.skipped[:_NAMED])
    if bad == count:
        raise DataError(f"none of the {bad} images can be used: {named}" if bad else "there is no image")
    if bad > max_bad * count:
        raise DataError(
            f"{bad} of {count} images can't be used, more than max_bad={max_bad:g} allows ({named}); look at all of"
            f" them with `ganzoo data inspect`, or leave them out by --set max_bad={share_of(bad, count):g}"
        )


def share_of(bad: int, count: int) -> float:
    """The smallest `max_bad`, rounded up to thousandths, that allows so many bad pictures."""
    return min(1.0, -(-1000 * bad // count) / 1000)


def _ingest(source: PictureStream, size: Size, key: str, view: View) -> Images:
    draft = cache_folder() / f".{key}"
    shutil.rmtree(draft, ignore_errors=True)  # left by a process that was killed, since this one holds the lock
    draft.mkdir(parents=True)
    try:
        entry = _hash(RULES, write_entry(source, size, draft, view), size)
        if not _is_whole(entry):  # else the same pictures are there already, under another fingerprint of their source
            shutil.rmtree(cache_folder() / entry, ignore_errors=True)
            _rename(draft, cache_folder() / entry)
        write_atomically(cache_folder() / f"{key}.json", json.dumps({"entry": entry}))
    except FileNotFoundError:  # no lack of space: the cache was emptied
        raise
    except OSError as error:
        raise StorageError(no_space(one_line(error), source.count(), size)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return _open(entry)


def _remembered(key: str) -> Images | None:
    """The entry of a source, if it is there and whole."""
    try:
        entry = json.loads((cache_folder() / f"{key}.json").read_text(encoding="utf-8"))["entry"]
        if not isinstance(entry, str) or Path(entry).name != entry:
            return None
    except _DAMAGE:
        return None
    try:
        return _open(entry)
    except _DAMAGE:  # truncated by a crash, or damaged: it is written again
        shutil.rmtree(cache_folder() / entry, ignore_errors=True)
        return None


def _is_whole(entry: str) -> bool:
    try:
        _open(entry)
    except _DAMAGE:
        return False
    return True


def _rename(draft: Path, entry: Path) -> None:
    try:
        draft.rename(entry)
    except OSError:
        if not _is_whole(entry.name):  # unless a copy of the folder, read at the same time, was first
            raise


def _open(entry: str) -> Images:
    folder = cache_folder() / entry
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    shape = tuple(index["shape"])
    file = folder / PIXELS
    if file.stat().st_size != np.prod(shape):
        raise ValueError(f"'{file}' is not {shape}")
    attributes = {name: tuple(values) for name, values in index["attributes"].items()}
    stored = StoredPixels(file, shape) if shape[0] else None  # an empty file can't be mapped
    return Images(
        pixels=np.empty(shape, np.uint8) if stored is None else stored.mapped,
        stored=stored,
        labels=np.load(folder / LABELS).reshape(shape[0], len(attributes)),
        attributes=attributes,
        fingerprint=index["fingerprint"],
        skipped=tuple((name, problem) for name, problem in index["skipped"]),
        notes=index["notes"],
    )


def _only_one(key: str, view: View) -> FileLock:
    """The lock of one source, which the system releases when the process dies; the view hears of a wait."""
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = locking(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        view.notice("another run is reading the same images; waiting for it")
        lock.acquire()
    return lock


def _hash(*key: object) -> str:
    return hashlib.sha256("\0".join(map(str, key)).encode()).hexdigest()[:32]
