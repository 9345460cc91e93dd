"""The residual discriminator of SNGAN (arXiv 1802.05957), which takes labels by projection (1802.05637)."""

import itertools
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.layers import LabelTable, stages
from ganzoo.model import Discriminator

if TYPE_CHECKING:
    from ganzoo_plugins.sngan import DiscriminatorOptions

_WIDEST = 16


class ResNetDiscriminator(Discriminator):
    """Images B 3 H W, labels B A -> one score an image, B."""

    def __init__(self, options: "DiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, _, _ = stages(shape)
        channels = [shape.channels, *(options.width * min(2**stage, _WIDEST) for stage in range(count + 1))]
        halving = [True] * count + [False]
        self.blocks = nn.ModuleList(
            _Block(before, after, first=place == 0, halve=halve)
            for place, ((before, after), halve) in enumerate(zip(itertools.pairwise(channels), halving, strict=True))
        )
        self.score = spectral_norm(nn.Linear(channels[-1], 1, bias=False))
        self.conditional = options.labels and bool(shape.attributes)
        self.table = _normed_table(shape, channels[-1]) if self.conditional else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, how well the image fits them is added."""
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


class _Block(nn.Module):
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
