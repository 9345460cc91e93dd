"""The residual networks of SNGAN (Miyato et al., arXiv 1802.05957, appendix B).

The generator has conditional batch norm; the discriminator takes labels by projection (1802.05637).
"""

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.layers import ConditionalNorm, LabelTable, stages
from ganzoo.model import Discriminator, Generator

if TYPE_CHECKING:
    from ganzoo_plugins.sngan import DiscriminatorOptions, GeneratorOptions

_WIDEST = 16


class ResNetGenerator(Generator):
    """Latent B D, labels B A or mixtures B V -> B 3 H W."""

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        self.conditional = options.labels and bool(shape.attributes)
        attributes = shape.attributes if self.conditional else {}
        count, height, width = stages(shape)
        channels = [options.width * min(2 ** (count - stage), _WIDEST) for stage in range(count + 1)]
        self.start = nn.Sequential(
            nn.Linear(options.latent, channels[0] * height * width), nn.Unflatten(1, (channels[0], height, width))
        )
        self.blocks = nn.ModuleList(_UpBlock(*pair, attributes) for pair in itertools.pairwise(channels))
        self.end = nn.Sequential(
            nn.BatchNorm2d(channels[-1]), nn.ReLU(), nn.Conv2d(channels[-1], shape.channels, 3, padding=1), nn.Tanh()
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        values = self.start(latent)
        for block in self.blocks:
            values = block(values, label)
        images: Tensor = self.end(values)
        return images


class _UpBlock(nn.Module):
    def __init__(self, before: int, after: int, attributes: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.norms = nn.ModuleList(ConditionalNorm(channels, attributes) for channels in (before, after))
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, values: Tensor, label: Tensor | None) -> Tensor:
        inner = functional.interpolate(self.norms[0](values, label).relu(), scale_factor=2.0)
        inner = self.second(self.norms[1](self.first(inner), label).relu())
        # A convolution of single pixels may come before the enlarging instead of after it, at a quarter of the cost.
        images: Tensor = inner + functional.interpolate(self.shortcut(values), scale_factor=2.0)
        return images


class ResNetDiscriminator(Discriminator):
    """Images B 3 H W, labels B A -> one score an image, B."""

    def __init__(self, options: "DiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, _, _ = stages(shape)
        channels = [shape.channels, *(options.width * min(2**stage, _WIDEST) for stage in range(count + 1))]
        halving = [True] * count + [False]
        self.blocks = nn.ModuleList(
            _DownBlock(before, after, first=place == 0, halve=halve)
            for place, ((before, after), halve) in enumerate(zip(itertools.pairwise(channels), halving, strict=True))
        )
        self.score = spectral_norm(nn.Linear(channels[-1], 1, bias=False))
        self.conditional = options.labels and bool(shape.attributes)
        self.table = _normed_table(shape, channels[-1]) if self.conditional else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, plus how well the image fits them."""
        values = images
        for block in self.blocks:
            values = block(values)
        features = values.relu().sum((2, 3))
        scores: Tensor = self.score(features)[:, 0]
        if self.table is not None and label is not None:
            scores = scores + (self.table(label) * features).sum(1)
        return scores


def _normed_table(shape: ImageShape, channels: int) -> nn.Module:
    normed: nn.Module = spectral_norm(LabelTable(shape.attributes, channels), "table")
    return normed


class _DownBlock(nn.Module):
    def __init__(self, before: int, after: int, *, first: bool, halve: bool) -> None:
        super().__init__()
        self.first, self.halve = first, halve
        self.inner = nn.ModuleList([_convolution(before, after, 3), _convolution(after, after, 3)])
        self.shortcut = _convolution(before, after, 1)

    def forward(self, values: Tensor) -> Tensor:
        inner = self.inner[0](values if self.first else values.relu())
        changed: Tensor = self._half(self.inner[1](inner.relu())) + self.shortcut(self._half(values))
        return changed

    def _half(self, values: Tensor) -> Tensor:
        return functional.avg_pool2d(values, 2) if self.halve else values


def _convolution(before: int, after: int, side: int) -> nn.Module:
    layer = nn.Conv2d(before, after, side, padding=side // 2)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    normed: nn.Module = spectral_norm(layer)
    return normed
