"""Painted renditions of drawn landscapes: the public entry."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .noise import Noise
from .oil import oil
from .recipe import lattices
from .watercolour import watercolour
from .woodblock import ukiyo_e

__all__ = ["RENDITIONS", "paint"]

RENDITIONS = ("oil", "ukiyo-e", "watercolour")

# Pixels painted at once: enough to share the overhead, few enough to stay in the cache.
CHUNK = 1 << 18


def _painter(rendition: str) -> Callable[[Tensor, Noise], Tensor]:
    painters = dict(zip(RENDITIONS, (oil, ukiyo_e, watercolour), strict=True))
    if rendition not in painters:
        raise ValueError(f"no rendition {rendition!r}; choose one of {', '.join(RENDITIONS)}")
    return painters[rendition]


def paint(images: Tensor, rendition: str, seed: int, indices: Sequence[int]) -> Tensor:
    """Paint images in a rendition, nothing moved: uint8 B 3 H W to uint8 B 3 H W.

    Seed and indices (one an image) fix the brush strokes and the paper. Raises ValueError for an unknown
    rendition, or where images and indices differ in number.
    """
    painter = _painter(rendition)
    if len(images) != len(indices):
        raise ValueError(f"{len(images)} images but {len(indices)} indices; give one index for each image")
    batch = max(1, CHUNK // (images.shape[2] * images.shape[3]))
    painted = [images[:0]]
    for start in range(0, len(indices), batch):
        image = images[start : start + batch].float() / 255.0
        image = painter(image, lattices(seed, indices[start : start + batch], stream=2))
        painted.append((image.clamp(0.0, 1.0) * 255.0 + 0.5).to(torch.uint8))
    return torch.cat(painted)
