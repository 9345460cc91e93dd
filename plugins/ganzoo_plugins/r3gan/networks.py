"""The networks of R3GAN (Huang et al., arXiv 2501.05441, section 4): residual, grouped, without norms."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.layers import LabelTable, stages
from ganzoo.model import Discriminator, Generator
from ganzoo.translator import within_range

if TYPE_CHECKING:
    from ganzoo_plugins.r3gan import GeneratorOptions, NetworkOptions

_WIDE = 2
"""How much wider a block is inside."""
_GAIN = math.sqrt(2 / (1 + 0.2**2))
_FULL = 32
"""Maps up to this side have all channels."""


class R3Generator(Generator):
    """Latent B D, labels B A or mixtures B V -> B 3 H W, clamped to [-1, 1] (there is no tanh)."""

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        self.conditional = options.labels and bool(shape.attributes)
        count, height, width = stages(shape)
        channels = [_channels(options.width, min(height, width) << level) for level in range(count + 1)]
        self.table = LabelTable(shape.attributes, options.latent) if self.conditional else None
        self.basis = nn.Parameter(torch.randn(channels[0], height, width))
        self.weigh = nn.Linear(options.latent * (2 if self.conditional else 1), channels[0], bias=False)
        nn.init.normal_(self.weigh.weight, std=1 / math.sqrt(self.weigh.in_features))
        total = options.blocks * (count + 1)
        self.stages = nn.ModuleList(
            _Stage(channels[max(level - 1, 0)], channels[level], options, total) for level in range(count + 1)
        )
        self.end = _pointwise(channels[-1], shape.channels, 1.0)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        if self.table is not None:
            style = torch.zeros_like(latent) if label is None else self.table(label).to(latent.dtype)
            latent = torch.cat([latent, style], dim=1)
        values = self.basis * self.weigh(latent)[:, :, None, None]
        values = values.contiguous(memory_format=torch.channels_last)
        for level, stage in enumerate(self.stages):
            values = stage(values if level == 0 else functional.interpolate(values, scale_factor=2.0, mode="bilinear"))
        return within_range(self.end(values))


class R3Discriminator(Discriminator):
    """Images B 3 H W, labels B A -> one score an image, B."""

    def __init__(self, options: "NetworkOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, height, width = stages(shape)
        channels = [_channels(options.width, min(height, width) << level) for level in reversed(range(count + 1))]
        total = options.blocks * (count + 1)
        self.start = _pointwise(shape.channels, channels[0], 1.0)
        self.stages = nn.ModuleList(
            _Stage(channels[max(level - 1, 0)], channels[level], options, total) for level in range(count + 1)
        )
        last = channels[-1]
        self.gather = nn.Conv2d(last, last, (height, width), groups=last, bias=False)
        nn.init.normal_(self.gather.weight, std=1 / math.sqrt(height * width))
        self.score = nn.Linear(last, 1, bias=False)
        nn.init.normal_(self.score.weight, std=1 / math.sqrt(last))
        self.conditional = options.labels and bool(shape.attributes)
        self.table = LabelTable(shape.attributes, last, spread=1 / math.sqrt(last)) if self.conditional else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, plus how well the image fits them."""
        values = self.start(images)
        for level, stage in enumerate(self.stages):
            values = stage(values if level == 0 else functional.avg_pool2d(values, 2))
        features = self.gather(values).flatten(1)
        scores: Tensor = self.score(features)[:, 0]
        if self.table is not None and label is not None:
            scores = scores + (self.table(label) * features).sum(1)
        return scores


class _Stage(nn.Module):
    """A `change` of the number of channels, then residual `blocks`."""

    def __init__(self, before: int, after: int, options: "NetworkOptions", total: int) -> None:
        super().__init__()
        self.change = _pointwise(before, after, 1.0) if before != after else nn.Identity()
        self.blocks = nn.Sequential(*(_Block(after, options.group, total) for _ in range(options.blocks)))

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = self.blocks(self.change(values))
        return changed


class _Block(nn.Module):
    """Adds nothing at first, since its last weights start at 0; the others shrink with the number of blocks."""

    def __init__(self, channels: int, group: int, total: int) -> None:
        super().__init__()
        inner = _WIDE * channels
        groups = inner // group if inner % group == 0 else 1
        gain = _GAIN * total**-0.25
        self.first = _pointwise(channels, inner, gain, bias=True)
        self.second = nn.Conv2d(inner, inner, 3, padding=1, groups=groups)
        nn.init.normal_(self.second.weight, std=gain / math.sqrt(9 * inner / groups))
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]
        self.third = nn.Conv2d(inner, channels, 1, bias=False)
        nn.init.zeros_(self.third.weight)

    def forward(self, values: Tensor) -> Tensor:
        inner = functional.leaky_relu(self.first(values), 0.2)
        inner = functional.leaky_relu(self.second(inner), 0.2)
        changed: Tensor = values + self.third(inner)
        return changed


def _pointwise(before: int, after: int, gain: float, *, bias: bool = False) -> nn.Conv2d:
    layer = nn.Conv2d(before, after, 1, bias=bias)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(before))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _channels(width: int, side: int) -> int:
    """`width` up to 32 px, then half with each doubling of the side."""
    return max(width * _FULL // max(side, _FULL), 1)
