"""A small painter from separable convolutions (Howard et al., arXiv 1704.04861) on unshuffled pixels."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ganzoo import ImageShape
from ganzoo.translator import ImageGenerator, within_range

if TYPE_CHECKING:
    from ganzoo_plugins.micro import MicroPainterOptions

_SIDE = 2
"""Pixels of a square that become channels of one place, and back."""


class MicroPainter(ImageGenerator):
    """Images B 3 H W -> the images plus a change, computed at half and at a quarter of their size.

    Nothing is normalised: a place of the painting depends on the photo around it only, whatever the picture's size.
    """

    size_multiple = _SIDE * _SIDE

    def __init__(self, options: "MicroPainterOptions", *, shape: ImageShape) -> None:
        super().__init__()
        half, quarter = options.width, 2 * options.width
        pixels = shape.channels * _SIDE**2
        self.unshuffle, self.shuffle = nn.PixelUnshuffle(_SIDE), nn.PixelShuffle(_SIDE)
        self.start = nn.Sequential(nn.Conv2d(pixels, half, 3, padding=1), nn.ReLU())
        self.down = nn.Conv2d(half * _SIDE**2, quarter, 1)
        self.body = nn.Sequential(*(_Block(quarter) for _ in range(options.blocks)))
        self.up = nn.Conv2d(quarter, half * _SIDE**2, 1)
        self.fine = _Block(half)
        self.end = nn.Conv2d(half, pixels, 3, padding=1)
        nn.init.zeros_(self.end.weight)  # it starts with the photo
        nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, images: Tensor) -> Tensor:
        """The painted images."""
        half = self.start(self.unshuffle(images))
        quarter = self.body(self.down(self.unshuffle(half)))
        half = self.fine(half + self.shuffle(self.up(quarter)))
        return within_range(images + self.shuffle(self.end(half)))


class _Block(nn.Module):
    """x + pointwise(relu(pointwise(depthwise(x))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.place = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.mix = nn.Conv2d(channels, 2 * channels, 1)
        self.back = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, values: Tensor) -> Tensor:
        mixed: Tensor = self.back(torch.relu(self.mix(self.place(values))))
        return values + mixed
