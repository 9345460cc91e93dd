"""Draw landscapes: the public entry of the data set."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from .palette import SEASONS, TIMES
from .recipe import kinds, recipe
from .scene import Scene, View
from .sky import sky, view
from .terrain import hill, mountain
from .trees import FAR, FRONT, MIDDLE, NEAR, trees
from .water import water

__all__ = ["SEASONS", "TIMES", "draw", "labels"]

# Pixels painted at once: enough to share the overhead, few enough to stay in the cache.
CHUNK = 1 << 18

Layer = Callable[[Tensor, View], Tensor]

# What is painted, farthest first, and between which heights of the frame it can show.
LAYERS: tuple[tuple[Layer, float, float], ...] = (
    (sky, 0.0, 0.75),
    (partial(mountain, 0), 0.0, 0.85),
    (partial(mountain, 1), 0.1, 0.85),
    (partial(mountain, 2), 0.27, 0.85),
    (partial(hill, 0), 0.36, 1.0),
    (partial(trees, FAR), 0.35, 0.85),
    (water, 0.0, 1.0),
    (partial(hill, 1), 0.41, 1.0),
    (partial(trees, MIDDLE), 0.3, 1.0),
    (partial(hill, 2), 0.45, 1.0),
    (partial(trees, NEAR), 0.3, 1.0),
    (partial(trees, FRONT), 0.0, 1.0),
)


def _render(scene: Scene, height: int, width: int) -> Tensor:
    whole = view(scene, height, width)
    image = torch.zeros_like(whole.haze)
    for layer, top, bottom in LAYERS:
        first, last = int(top * height), math.ceil(bottom * height)
        band = image[:, :, first:last]
        band.copy_(layer(band, whole.rows(first, last)))
    return image


def draw(seed: int, indices: Sequence[int], size: tuple[int, int]) -> Tensor:
    """Draw the landscapes of these indices: uint8, B 3 H W, RGB; size is (height, width).

    An image depends on seed and index alone. Every size shows the same scene, a wider one more of its sides.
    """
    height, width = size
    batch = max(1, CHUNK // (height * width))
    images = [torch.empty(0, 3, height, width, dtype=torch.uint8)]
    for start in range(0, len(indices), batch):
        image = _render(recipe(seed, indices[start : start + batch]), height, width)
        images.append((image.clamp(0.0, 1.0) * 255.0 + 0.5).to(torch.uint8))
    return torch.cat(images)


def labels(seed: int, indices: Sequence[int]) -> Tensor:
    """Season and time of day of these landscapes, as places in SEASONS and TIMES: int64, B 2."""
    if len(indices) == 0:
        return torch.empty(0, 2, dtype=torch.int64)
    return kinds(seed, indices)
