"""Features of the images of a data set, cached on disk: every run on this data set needs the same."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.data.cache import Images
from ganzoo.data.decode import RULES
from ganzoo.encoders import Encoder, encode
from ganzoo.io.files import cache_folder, replacing

_BLOCK = 256
"""Images read at a time, so that large ones don't fill the memory."""


def features_of(encoder: Encoder, images: Images, numbers: NDArray[np.int64], device: torch.device) -> Tensor:
    """Features of the images with these numbers, in that order: N x dimension, float32 on the CPU."""
    key = [RULES, images.fingerprint, *images.pixels.shape, encoder.fingerprint, numbers.tobytes().hex()]
    blocks = (images.rows(numbers[start : start + _BLOCK]) for start in range(0, len(numbers), _BLOCK))
    return kept_or(
        key,
        (len(numbers), encoder.dimension),
        lambda: torch.cat([encode(encoder, block, device=device).cpu() for block in blocks]),
    )


def kept_or(key: Sequence[object], shape: tuple[int, ...], compute: Callable[[], Tensor]) -> Tensor:
    """The features of that shape which the cache keeps under the key; computed, and kept, where it has none."""
    name = hashlib.sha256("\0".join(map(str, key)).encode()).hexdigest()[:32]
    file = cache_folder() / "features" / f"{name}.npy"
    if (kept := _read(file, shape)) is not None:
        return kept
    features = compute()
    _write(file, features)
    return features


def _read(file: Path, shape: tuple[int, ...]) -> Tensor | None:
    """The cached features; None for a file that is missing, cut off or of another shape."""
    with suppress(OSError, ValueError, EOFError):
        kept = np.load(file, allow_pickle=False)
        if kept.shape == shape and kept.dtype == np.float32 and np.isfinite(kept).all():
            return torch.from_numpy(kept)
    return None


def _write(file: Path, features: Tensor) -> None:
    """Failing to write the cache only costs time later."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as draft:
            np.save(draft, features.numpy())
