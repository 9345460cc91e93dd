"""The generator of StyleGAN2 (Karras et al., arXiv 1912.04958) without noise inputs."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.layers import LabelTable, stages
from ganzoo.model import Generator
from ganzoo.translator import within_range
from ganzoo_plugins.stylegan2.layers import EqualLinear, ModulatedConv, activate, channels_at

if TYPE_CHECKING:
    from ganzoo_plugins.stylegan2 import GeneratorOptions

_MAPPING_RATE = 0.01
_MEAN_RATE = 0.01


class StyleGAN2Generator(Generator):
    """Latent B D, labels B A or mixtures B V -> B 3 H W: `synthesis(mapping(latent, label))`.

    No noise is added to the maps: every pixel follows from the latent, so that walks don't flicker.
    """

    styled = True
    mean_style: Tensor

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        self.conditional = options.labels and bool(shape.attributes)
        self.table = LabelTable(shape.attributes, options.latent, spread=1.0) if self.conditional else None
        inputs = [options.latent * (2 if self.conditional else 1)] + [options.latent] * (options.depth - 1)
        self.layers = nn.ModuleList(EqualLinear(before, options.latent, rate=_MAPPING_RATE) for before in inputs)
        self.register_buffer("mean_style", torch.zeros(options.latent))
        count, height, width = stages(shape)
        channels = [
            channels_at(min(height, width) << level, options.width, options.widest) for level in range(count + 1)
        ]
        self.start = nn.Parameter(torch.randn(channels[0], height, width))
        self.blocks = nn.ModuleList(
            _Block(channels[max(level - 1, 0)], channels[level], shape.channels, options.latent, enlarge=level > 0)
            for level in range(count + 1)
        )

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        style = self.mapping(latent, label)
        if self.training:
            with torch.no_grad():
                self.mean_style.lerp_(style.mean(0).to(self.mean_style.dtype), _MEAN_RATE)
        return self.synthesis(style)

    def mapping(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Latents B D -> style vectors B D, nearer to their mean by `truncation`."""
        values = _unit(latent)
        if self.table is not None:
            wanted = torch.zeros_like(latent) if label is None else self.table(label).to(latent.dtype)
            values = torch.cat([values, _unit(wanted)], dim=1)
        for layer in self.layers:
            values = activate(layer(values))
        return values if self.truncation == 1 else torch.lerp(self.mean_style, values, self.truncation)

    def synthesis(self, style: Tensor) -> Tensor:
        """Style vectors B D -> images B 3 H W in [-1, 1]."""
        return within_range(self.unbounded(style))

    def unbounded(self, style: Tensor) -> Tensor:
        """The same before values are cut off, whose slopes are those of the network and not of the cut."""
        maps = self.start.expand(len(style), *self.start.shape).contiguous(memory_format=torch.channels_last)
        images: Tensor | None = None
        for block in self.blocks:
            maps, drawn = block(maps, style)
            images = drawn if images is None else drawn + _enlarged(images)
        assert images is not None
        return images / math.sqrt(len(self.blocks))  # sums of as many layers of unit variance


class _Block(nn.Module):
    """One size: a modulated convolution or two, and what the size adds to the image."""

    def __init__(self, before: int, after: int, colours: int, latent: int, *, enlarge: bool) -> None:
        super().__init__()
        self.first = ModulatedConv(before, after, 3, latent) if enlarge else None
        self.second = ModulatedConv(after, after, 3, latent)
        self.colour = ModulatedConv(after, colours, 1, latent, demodulate=False)

    def forward(self, maps: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        if self.first is not None:
            maps = activate(self.first(_enlarged(maps), style))
        maps = activate(self.second(maps, style))
        return maps, self.colour(maps, style)


def _enlarged(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0, mode="bilinear")


def _unit(values: Tensor) -> Tensor:
    return values * (values.square().mean(1, keepdim=True) + 1e-8).rsqrt()
