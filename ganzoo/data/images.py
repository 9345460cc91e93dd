"""Tensors to pictures: uint8, PIL and grids."""

import math

import torch
from PIL import Image
from torch import Tensor

_MARGIN = 2


def to_uint8(images: Tensor) -> Tensor:
    """B C H W in [-1, 1] -> uint8, rounded rather than cut off."""
    return images.detach().float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu()


def to_pil(images: Tensor) -> list[Image.Image]:
    """B 3 H W in [-1, 1] -> PIL images."""
    return [Image.fromarray(image.numpy()) for image in to_uint8(images).permute(0, 2, 3, 1).contiguous()]


def grid(images: Tensor, columns: int | None = None) -> Image.Image:
    """B 3 H W in [-1, 1] -> one picture with the images in rows; as good as square unless `columns` is given."""
    count, channels, height, width = images.shape
    columns = min(columns or math.ceil(math.sqrt(count * height / width)), count)
    rows = math.ceil(count / columns)
    sheet = torch.full(
        (channels, rows * (height + _MARGIN) + _MARGIN, columns * (width + _MARGIN) + _MARGIN),
        255,
        dtype=torch.uint8,
    )
    for number, image in enumerate(to_uint8(images)):
        row, column = divmod(number, columns)
        top, left = _MARGIN + row * (height + _MARGIN), _MARGIN + column * (width + _MARGIN)
        sheet[:, top : top + height, left : left + width] = image
    return Image.fromarray(sheet.permute(1, 2, 0).contiguous().numpy())


def pair_columns(images: Tensor) -> int:
    """Columns of a grid in which photos and paintings alternate: an even number, so that pairs stay together."""
    count, _, height, width = images.shape
    return 2 * math.ceil(math.sqrt(count / 2 * height / (2 * width)))
