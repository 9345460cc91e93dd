"""The generator of FastGAN (Liu et al., arXiv 2101.04775), in the light form that Projected GANs (2111.01007) take."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.layers import ConditionalNorm, GatedChannels, stages
from ganzoo.model import Generator
from ganzoo_plugins.fastgan.blocks import Excitation, spectral

if TYPE_CHECKING:
    from ganzoo_plugins.fastgan import GeneratorOptions

_MULTIPLES = (16, 8, 4, 2, 2, 1)
"""Channels of each size from the smallest on, in widths; the sizes after those have half a width."""
_REACH = 4
"""Doublings from a coarse map to the fine one whose channels it weighs."""


class FastGANGenerator(Generator):
    """Latent B D, labels B A or mixtures B V -> B 3 H W; repeated pixels, a convolution and a gate at each size."""

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        self.conditional = options.labels and bool(shape.attributes)
        attributes = shape.attributes if self.conditional else {}
        count, height, width = stages(shape)
        channels = [_channels(options.width, level) for level in range(count + 1)]
        self.start = nn.Sequential(
            spectral(nn.ConvTranspose2d(options.latent, 2 * channels[0], (height, width), bias=False)),
            nn.BatchNorm2d(2 * channels[0]),
            GatedChannels(),
        )
        self.blocks = nn.ModuleList(_Block(channels[level], channels[level + 1], attributes) for level in range(count))
        reached = range(count + 1 - _REACH) if options.skips else range(0)
        self.skips = nn.ModuleList(Excitation(channels[level], channels[level + _REACH]) for level in reached)
        self.end = spectral(nn.Conv2d(channels[-1], shape.channels, 3, padding=1, bias=False))

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        maps = [self.start(functional.normalize(latent, dim=1)[:, :, None, None])]
        for block in self.blocks:
            values = block(maps[-1], label)
            coarse = len(maps) - _REACH
            if 0 <= coarse < len(self.skips):
                values = values * self.skips[coarse](maps[coarse])
            maps.append(values)
        images: Tensor = self.end(maps[-1]).tanh()
        return images


class _Block(nn.Module):
    def __init__(self, before: int, after: int, attributes: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.convolution = spectral(nn.Conv2d(before, 2 * after, 3, padding=1, bias=False))
        self.norm = ConditionalNorm(2 * after, attributes)
        self.gate = GatedChannels()

    def forward(self, values: Tensor, label: Tensor | None) -> Tensor:
        larger = self.convolution(functional.interpolate(values, scale_factor=2.0))
        gated: Tensor = self.gate(self.norm(larger, label))
        return gated


def _channels(width: int, level: int) -> int:
    return width * _MULTIPLES[level] if level < len(_MULTIPLES) else max(width // 2, 1)
