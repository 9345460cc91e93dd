"""Converts pixels uint8 H W 3 to what networks and blending take, and back; pads and resizes them."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Pixels = NDArray[np.uint8]
_SPARE_ROWS = 4


def as_images(pixels: Pixels, device: torch.device) -> Tensor:
    """H W 3 -> 1 3 H W in [0, 1]."""
    return torch.from_numpy(np.array(pixels)).to(device).permute(2, 0, 1)[None].float() / 255


def as_pixels(images: Tensor) -> Pixels:
    """1 3 H W in [0, 1] -> H W 3, rounded."""
    return (images[0].float() * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def rounded(values: NDArray[np.float32], *, rows: int) -> Pixels:
    """H W 3 in [-1, 1] -> pixels, as `to_uint8` rounds; in NumPy and so many rows at a time, to save memory."""
    result = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), rows):
        part = values[top : top + rows]
        result[top : top + rows] = np.clip(np.rint(part * 127.5 + 127.5), 0, 255)
    return result


def padded(pixels: Pixels, multiple: int, *, least: int) -> Pixels:
    """Continues a picture to the right and below by its mirror image.

    Both sides become multiples of `multiple` and at least `least`.
    """
    smallest = round_up(least, 2 * multiple)
    more = [max(round_up(side, multiple), smallest) - side for side in pixels.shape[:2]]
    return np.pad(pixels, ((0, more[0]), (0, more[1]), (0, 0)), mode="symmetric") if any(more) else pixels


def resized(pixels: Pixels, side: int) -> Pixels:
    """Resizes a picture in proportion, to a shorter side of `side` pixels."""
    height, width = pixels.shape[:2]
    factor = side / min(height, width)
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    image = as_images(pixels, torch.device("cpu"))
    return as_pixels(functional.interpolate(image, size=size, mode="bicubic", antialias=True))


def change_of(before: Pixels, after: Pixels, rows: slice, size: tuple[int, int], device: torch.device) -> Tensor:
    """The difference of two small pictures enlarged to `size`, of which only these `rows`: 1 3 rows W in [-1, 1].

    The result equals those rows of the whole enlarged at once, so strips meet without a seam.
    """
    height, width = size
    factor = len(before) / height
    top = max(0, int(rows.start * factor) - _SPARE_ROWS)
    bottom = min(len(before), math.ceil(rows.stop * factor) + _SPARE_ROWS)
    change = as_images(after[top:bottom], device) - as_images(before[top:bottom], device)
    return _enlarged(change, (rows.stop - rows.start, width), factor, rows.start * factor - top)


def _enlarged(change: Tensor, size: tuple[int, int], factor: float, offset: float) -> Tensor:
    """Enlarges the rows from `offset` on to `size`, bicubically. `factor` is rows of `change` per row of the result."""
    height, width = size
    y = (torch.arange(height, device=change.device) + 0.5) * factor + offset
    x = (torch.arange(width, device=change.device) + 0.5) * (change.shape[3] / width)
    across, down = x * 2 / change.shape[3] - 1, y * 2 / change.shape[2] - 1
    grid = torch.stack([across.expand(height, -1), down[:, None].expand(-1, width)], dim=2)
    return functional.grid_sample(change, grid[None], mode="bicubic", padding_mode="border", align_corners=False)


def round_up(length: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `length`."""
    return -(-length // multiple) * multiple
