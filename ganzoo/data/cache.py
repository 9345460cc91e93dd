"""A data set at training size: every picture read once into a uint8 array on disk, memory-mapped from then on."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.data.source import ImageSource
from ganzoo.errors import DataError, StorageError, one_line
from ganzoo.files import sync_file
from ganzoo.folders import cache_folder
from ganzoo.units import Size

RULES = 1
"""Version of the rules by which a picture becomes pixels; a new one makes old cache entries unused."""
_CHUNK = 64
OnProgress = Callable[[int, int, int], None]
"""Called with pictures done, pictures in all, pictures skipped."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """A data set ready for training: `pixels` uint8 N H W 3, `labels` int64 N A for A attributes."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    attributes: Mapping[str, tuple[str, ...]]
    fingerprint: str
    skipped: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """The images of those numbers as uint8 B 3 H W (channels last in memory) and their labels, int64 B A."""
        pixels = torch.from_numpy(np.take(self.pixels, indices, axis=0))
        return pixels.permute(0, 3, 1, 2), torch.from_numpy(self.labels[indices])


def prepare(source: ImageSource, size: Size, on_progress: OnProgress = lambda *_: None) -> Images:
    """All pictures of the source at `size`, from the cache when it has them.

    Raises DataError when no picture can be used, StorageError when the cache can't be written.
    """
    fingerprint = source.fingerprint()
    key = hashlib.sha256(f"{RULES}\0{fingerprint}\0{size.height}x{size.width}".encode()).hexdigest()[:32]
    folder = cache_folder() / key
    if folder.is_dir():
        try:
            return _open(folder, source.attributes, fingerprint)
        except (OSError, ValueError, KeyError):  # cut off by a crash or damaged: made anew
            shutil.rmtree(folder, ignore_errors=True)
    pixels, index = _read_all(source, size, on_progress)
    _publish(folder, pixels, index)
    return _open(folder, source.attributes, fingerprint)


def _read_all(source: ImageSource, size: Size, on_progress: OnProgress) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    pixels = np.empty((len(source), size.height, size.width, 3), dtype=np.uint8)
    labels: list[tuple[int, ...]] = []
    skipped: list[tuple[str, str]] = []
    for start in range(0, len(source), _CHUNK):
        for picture in source.read(range(start, min(start + _CHUNK, len(source))), size):
            if picture.pixels is None:
                skipped.append((picture.name, picture.problem))
            else:
                pixels[len(labels)] = picture.pixels
                labels.append(picture.labels)
        on_progress(len(labels) + len(skipped), len(source), len(skipped))
    if not labels:
        name, problem = skipped[0]
        raise DataError(f"none of the {len(skipped)} images can be read; the first, '{name}': {problem}")
    return pixels[: len(labels)], {"labels": labels, "skipped": skipped}


def _publish(folder: Path, pixels: NDArray[np.uint8], index: Mapping[str, Any]) -> None:
    """Written beside its place and renamed, so that a reader sees all of it or nothing."""
    draft = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        draft.mkdir(parents=True, exist_ok=True)
        np.save(draft / "pixels.npy", pixels)
        (draft / "index.json").write_text(json.dumps(index))
        for file in draft.iterdir():
            sync_file(file)
        if not folder.exists():  # another run may have been first; its entry is the same
            draft.rename(folder)
    except OSError as error:
        raise StorageError(
            f"can't write the image cache '{folder.parent}' ({one_line(error)}): set GANZOO_CACHE to a folder with"
            f" {pixels.nbytes / 1e6:.0f} MB free"
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _open(folder: Path, attributes: Mapping[str, tuple[str, ...]], fingerprint: str) -> Images:
    index = json.loads((folder / "index.json").read_text())
    pixels = np.load(folder / "pixels.npy", mmap_mode="r")
    return Images(
        pixels=pixels,
        labels=np.array(index["labels"], dtype=np.int64).reshape(len(pixels), len(attributes)),
        attributes=attributes,
        fingerprint=fingerprint,
        skipped=tuple((name, problem) for name, problem in index["skipped"]),
    )
