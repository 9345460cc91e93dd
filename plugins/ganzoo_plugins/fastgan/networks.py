"""The networks of FastGAN (Liu et al., arXiv 2101.04775).

The generator has the light form that Projected GANs (2111.01007) take; the discriminator learns to redraw real images.
"""

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.layers import ConditionalNorm, GatedChannels, stages
from ganzoo.model import Discriminator, Generator, Terms
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.fastgan import DiscriminatorOptions, GeneratorOptions

_MULTIPLES = (16, 8, 4, 2, 2, 1)
"""Channels at each size from the smallest on, as multiples of the width; larger sizes have half the width."""
_GENERATOR_REACH = 4
"""Doublings from a coarse map to the fine one whose channels it weighs."""
_WIDEST = 16
_DISCRIMINATOR_REACH = 3
"""Halvings from a fine map to the coarse one whose channels it weighs."""
_LEAST = 1e-8


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
        reached = range(count + 1 - _GENERATOR_REACH) if options.skips else range(0)
        self.skips = nn.ModuleList(Excitation(channels[level], channels[level + _GENERATOR_REACH]) for level in reached)
        self.end = spectral(nn.Conv2d(channels[-1], shape.channels, 3, padding=1, bias=False))

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        maps = [self.start(functional.normalize(latent, dim=1)[:, :, None, None])]
        for block in self.blocks:
            values = block(maps[-1], label)
            coarse = len(maps) - _GENERATOR_REACH
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


class FastGANDiscriminator(Discriminator):
    """Images B 3 H W -> scores B N of places, seen at full and at half size.

    Two decoders redraw real images from the last maps of either size. A third redraws a quarter of the image from a
    quarter of the map before. So the discriminator has to describe what it sees.
    """

    def __init__(self, options: "DiscriminatorOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        halvings = max(stages(shape)[0] - 1, 1)  # down to a shorter side of 8 to 15
        sides = (shape.height, shape.width)
        self.large = _Track(options.width, halvings, shape.channels, sides)
        half = (sides[0] // 2, sides[1] // 2)
        self.small = _Track(options.width, max(halvings - 1, 1), shape.channels, half)
        self.weight, self.depth = options.weight, options.depth
        if options.weight:
            self.encoder: Encoder = parts.build("encoder")
            last, before = _widths(options.width, halvings)[:-3:-1] if halvings > 1 else (_last(options.width), 0)
            self.redraw_whole = Decoder(last, halvings - 1, shape.channels)
            self.redraw_half = Decoder(_last(options.width), len(self.small.downs) + 1, shape.channels)
            self.redraw_quarter = Decoder(before, halvings - 1, shape.channels) if halvings > 1 else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; the label is not used."""
        return torch.cat([self.large.score(self.large(images)), self.small.score(self.small(_halved(images)))], dim=1)

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        """The distance of redrawn real images from the originals."""
        if not self.weight:
            return {}
        maps, half = self.large(images), _halved(images)
        pairs = [(self.redraw_whole(maps[-1]), half), (self.redraw_half(self.small(half)[-1]), half)]
        if self.redraw_quarter is not None:
            corner = divmod(int(torch.randint(4, (), generator=rng)), 2)
            pairs.append((self.redraw_quarter(_quarter(maps[-2], corner)), _quarter(images, corner)))
        apart = [distance(self.encoder, drawn, _like(drawn, wanted), self.depth) for drawn, wanted in pairs]
        return {"redrawn": self.weight * torch.stack(apart).sum()}


class _Track(nn.Module):
    """Images of one size -> maps from half the size down, and scores of the last map."""

    def __init__(self, width: int, halvings: int, channels: int, sides: tuple[int, int]) -> None:
        super().__init__()
        widths = _widths(width, halvings)
        self.start = nn.Sequential(spectral(nn.Conv2d(channels, widths[0], 4, 2, 1, bias=False)), nn.LeakyReLU(0.2))
        self.downs = nn.ModuleList(_Down(*pair) for pair in itertools.pairwise(widths))
        weighed = range(len(widths) - _DISCRIMINATOR_REACH)
        self.skips = nn.ModuleList(Excitation(widths[place], widths[place + _DISCRIMINATOR_REACH]) for place in weighed)
        least = min(sides) >> halvings
        self.head = nn.Sequential(
            spectral(nn.Conv2d(widths[-1], max(widths[-1] // 2, 1), 1, bias=False)),
            nn.BatchNorm2d(max(widths[-1] // 2, 1)),
            nn.LeakyReLU(0.2),
            spectral(nn.Conv2d(max(widths[-1] // 2, 1), 1, min(4, max(least, 1)), bias=False)),
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = [self.start(images)]
        for down in self.downs:
            values = down(maps[-1])
            fine = len(maps) - _DISCRIMINATOR_REACH
            maps.append(values * self.skips[fine](maps[fine]) if fine >= 0 else values)
        return maps

    def score(self, maps: list[Tensor]) -> Tensor:
        """The last of the maps -> scores B n."""
        return cast("Tensor", self.head(maps[-1])).flatten(1)


class _Down(nn.Module):
    """Halves the size: the mean of two paths, convolutions and pooling."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolved = nn.Sequential(
            spectral(nn.Conv2d(before, after, 4, 2, 1, bias=False)),
            nn.BatchNorm2d(after),
            nn.LeakyReLU(0.2),
            spectral(nn.Conv2d(after, after, 3, padding=1, bias=False)),
            nn.BatchNorm2d(after),
            nn.LeakyReLU(0.2),
        )
        self.pooled = nn.Sequential(
            nn.AvgPool2d(2), spectral(nn.Conv2d(before, after, 1, bias=False)), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)
        )

    def forward(self, maps: Tensor) -> Tensor:
        mean: Tensor = (self.convolved(maps) + self.pooled(maps)) / 2
        return mean


def _last(width: int) -> int:
    return width * _WIDEST


def _widths(width: int, halvings: int) -> list[int]:
    """Channels after each halving: 16 times the width at the last, half as many at each finer one."""
    return [max(_last(width) >> place, 2) for place in reversed(range(halvings))]


def _halved(images: Tensor) -> Tensor:
    return functional.avg_pool2d(images, 2)


def _quarter(maps: Tensor, corner: tuple[int, int]) -> Tensor:
    """One of the four quarters of B C H W: its row and its column."""
    height, width = maps.shape[2] // 2, maps.shape[3] // 2
    top, left = corner[0] * height, corner[1] * width
    return maps[:, :, top : top + height, left : left + width]


def _like(drawn: Tensor, wanted: Tensor) -> Tensor:
    """`wanted` at the size of `drawn`."""
    size = (drawn.shape[2], drawn.shape[3])
    return wanted if wanted.shape == drawn.shape else functional.adaptive_avg_pool2d(wanted, size)


class Decoder(nn.Module):
    """Maps B C h w -> images B 3 h·2ⁿ w·2ⁿ in [-1, 1] by n doublings, each with half the channels."""

    def __init__(self, channels: int, doublings: int, colours: int) -> None:
        super().__init__()
        widths = [max(channels >> place, 2) for place in range(doublings + 1)]
        self.ups = nn.Sequential(*(_Up(*pair) for pair in itertools.pairwise(widths)))
        self.end = spectral(nn.Conv2d(widths[-1], colours, 3, padding=1, bias=False))

    def forward(self, maps: Tensor) -> Tensor:
        """The images."""
        images: Tensor = self.end(self.ups(maps)).tanh()
        return images


class _Up(nn.Sequential):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2),
            spectral(nn.Conv2d(before, 2 * after, 3, padding=1, bias=False)),
            nn.BatchNorm2d(2 * after),
            GatedChannels(),
        )


def distance(encoder: Encoder, drawn: Tensor, wanted: Tensor, depth: int) -> Tensor:
    """Mean squared distance of features of unit length, place by place, over the `depth` finest stages; a scalar.

    LPIPS (Zhang et al., arXiv 1801.03924, eq. 1) with equal weights for all channels, on any encoder.
    """
    with torch.no_grad():
        there = encoder.maps(wanted.detach(), depth)
    now = encoder.maps(drawn, depth)
    apart = [
        (functional.normalize(one, eps=_LEAST) - functional.normalize(other, eps=_LEAST)).square().sum(1).mean()
        for one, other in zip(now, there, strict=True)
    ]
    return torch.stack(apart).sum()


class Excitation(nn.Sequential):
    """A weight for each channel of a fine map from a coarse one, B C 1 1 (section 3.1)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(4),
            spectral(nn.Conv2d(before, after, 4, bias=False)),
            nn.SiLU(),
            spectral(nn.Conv2d(after, after, 1, bias=False)),
            nn.Sigmoid(),
        )


def spectral(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    """The layer with orthogonal initial weights and a largest singular value of 1."""
    nn.init.orthogonal_(layer.weight)
    normed: nn.Module = spectral_norm(layer)
    return normed
