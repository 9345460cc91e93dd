"""Pictures as the painted score looks at them: whole, and in crops of half their side, all compressed alike.

Encoders see the artefacts of JPEG, which paintings and photos from the web have and newly painted pictures lack: they
made a third of the distance of sharp photos. So each picture is compressed in the same way before it is looked at.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.config.units import Size
from ganzoo.data.chosen import QUALITY, compressed
from ganzoo.data.decode import RULES
from ganzoo.encoders import Encoder, encode
from ganzoo.scoring.features import kept_or
from ganzoo.scoring.scorer import SEED

CROPS = 2
"""Crops of each picture. More would cost time and say little, since the pictures are few, not the crops."""
_BLOCK = 32

Pictures = Iterable[NDArray[np.uint8]]


def crop_size(size: Size) -> Size:
    """The size of the crops of pictures of that size."""
    return Size(size.height // 2, size.width // 2)


def looks(
    encoder: Encoder,
    pictures: Callable[[], Pictures],
    count: int,
    size: Size,
    device: torch.device,
    key: Sequence[object] = (),
) -> Tensor:
    """Features of `count` pictures uint8 H W 3 of that size: count x (1 + CROPS) x D, the whole first, on the CPU.

    The places of the crops depend on the number of a picture alone, so those of a photo and its painting are the same.
    With a `key` that names the pictures, features are kept in the cache, and pictures are read only where it has none.
    """
    shape = (count, 1 + CROPS, encoder.dimension)
    if not key:
        return _looks(encoder, pictures(), count, size, device)
    rule = [RULES, size.height, size.width, CROPS, QUALITY, encoder.fingerprint]
    return kept_or(["looks", *rule, *key], shape, lambda: _looks(encoder, pictures(), count, size, device))


def _looks(encoder: Encoder, pictures: Pictures, count: int, size: Size, device: torch.device) -> Tensor:
    places = np.random.Generator(np.random.Philox(SEED)).random((count, CROPS, 2))
    found: list[Tensor] = []
    block: list[NDArray[np.uint8]] = []
    for number, pixels in enumerate(pictures, 1):
        block.append(compressed(pixels))
        if len(block) == _BLOCK or number == count:
            found.append(_of_block(encoder, np.stack(block), places[number - len(block) : number], size, device))
            block = []
    return torch.cat(found)


def _of_block(
    encoder: Encoder, pixels: NDArray[np.uint8], places: NDArray[np.float64], size: Size, device: torch.device
) -> Tensor:
    whole = encode(encoder, pixels, device=device).cpu()
    crops = np.stack([_crop(one, *place, size=size) for one, own in zip(pixels, places, strict=True) for place in own])
    parts = encode(encoder, crops, device=device).cpu()
    return torch.cat([whole[:, None], parts.view(len(pixels), CROPS, -1)], dim=1)


def _crop(pixels: NDArray[np.uint8], down: float, across: float, *, size: Size) -> NDArray[np.uint8]:
    crop = crop_size(size)
    top, left = (
        int(part * (room + 1)) for part, room in ((down, size.height - crop.height), (across, size.width - crop.width))
    )
    return pixels[top : top + crop.height, left : left + crop.width]
