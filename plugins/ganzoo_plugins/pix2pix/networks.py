"""The U-shaped network of pix2pix (arXiv 1611.07004, section 6.1), for sizes that halve often enough."""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ganzoo import ImageShape, UsageError
from ganzoo.layers import init_dcgan, norm2d
from ganzoo.translator import ImageGenerator

if TYPE_CHECKING:
    from ganzoo_plugins.pix2pix import UNetOptions

_WIDEST = 8
_DROPPED = 3
"""Number of innermost layers on the way up that drop values."""


class UNet(ImageGenerator):
    """Images B 3 H W -> B 3 H W; at 256 pixels with 64 channels it has the published eight levels."""

    def __init__(self, options: "UNetOptions", *, shape: ImageShape) -> None:
        super().__init__()
        depth = options.depth or min(shape.height, shape.width).bit_length() - 1
        self.size_multiple = 1 << depth
        if shape.height % self.size_multiple or shape.width % self.size_multiple:
            raise UsageError(
                f"size {shape.height}x{shape.width}: unet halves {depth} times, so both sides must be multiples of"
                f" {self.size_multiple}; give another size, or a smaller --set generator.depth=…"
            )
        channels = [options.width * min(1 << level, _WIDEST) for level in range(depth)]
        self.first = nn.Conv2d(shape.channels, channels[0], 4, 2, 1)
        self.down = nn.ModuleList(
            _down(before, after, "none" if level == depth - 2 else options.norm)
            for level, (before, after) in enumerate(itertools.pairwise(channels))
        )
        self.up = nn.ModuleList(
            _up(after if level == 0 else 2 * after, before, options.up, options.norm)
            for level, (before, after) in enumerate(reversed(list(itertools.pairwise(channels))))
        )
        self.last = _enlarging((2 if depth > 1 else 1) * channels[0], shape.channels, options.up)
        self.dropout = options.dropout
        self.uniform: Callable[..., Tensor] | None = None
        """Draws what to drop; the recipe sets it for each batch, and without it nothing is dropped."""
        init_dcgan(self)

    def forward(self, images: Tensor) -> Tensor:
        """The translated images."""
        twins = [self.first(images)]
        for layer in self.down:
            twins.append(layer(twins[-1]))
        values = twins.pop()
        for level, layer in enumerate(self.up):
            values = layer(values)
            if level < _DROPPED:
                values = self._drop(values)
            values = torch.cat([values, twins.pop()], dim=1)
        translated: Tensor = self.last(values.relu()).tanh()
        return translated

    def _drop(self, values: Tensor) -> Tensor:
        if self.uniform is None or not (self.training and self.dropout):
            return values
        kept = self.uniform(*values.shape[1:]) >= self.dropout
        return values * kept / (1 - self.dropout)


def _down(before: int, after: int, norm: str) -> nn.Module:
    return nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(before, after, 4, 2, 1), norm2d(norm, after))


def _up(before: int, after: int, kind: str, norm: str) -> nn.Module:
    return nn.Sequential(nn.ReLU(), _enlarging(before, after, kind), norm2d(norm, after))


def _enlarging(before: int, after: int, kind: str) -> nn.Module:
    if kind == "deconv":
        return nn.ConvTranspose2d(before, after, 4, 2, 1)
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1))
