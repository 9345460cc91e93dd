"""A photo for odd files, and how far apart two pictures are."""

from collections.abc import Callable

import numpy as np
from PIL import Image

Paint = Callable[..., int]


def photo(height: int = 48, width: int = 64) -> Image.Image:
    """A picture with edges and slopes in all channels."""
    y, x = np.mgrid[:height, :width]
    bars = ((x // 8 + y // 12) % 2) * 90
    pixels = np.stack([x * 160 // width + bars, y * 160 // height + 40, 200 - x * 120 // width], axis=2)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def difference(one: Image.Image, other: Image.Image) -> float:
    """The largest difference, of 255."""
    return float(np.abs(np.asarray(one.convert("RGB"), int) - np.asarray(other.convert("RGB"), int)).max())
