"""Converts pixels uint8 H W 3 to what networks and blending take, and back; pads them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]


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


def padded(pixels: Pixels, multiple: int, *, least: int, margin: int) -> Pixels:
    """Continues a picture by its mirror image: `margin` pixels above and on the left, and at least as many elsewhere.

    Both sides become multiples of `multiple` and at least `least`.
    """
    smallest = round_up(least, 2 * multiple)
    wanted = (max(round_up(side + 2 * margin, multiple), smallest) for side in pixels.shape[:2])
    more = [(margin, size - side - margin) for size, side in zip(wanted, pixels.shape[:2], strict=True)]
    return np.pad(pixels, (*more, (0, 0)), mode="symmetric")


def round_up(length: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `length`."""
    return -(-length // multiple) * multiple
