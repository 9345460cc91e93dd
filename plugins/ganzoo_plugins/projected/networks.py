"""The discriminator of Projected GANs (Sauer et al., arXiv 2111.01007): heads on fixed random mixtures of features."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.layers import LabelTable, RandomMixture
from ganzoo.model import Discriminator
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.projected import ProjectedDiscriminatorOptions


class ProjectedDiscriminator(Discriminator):
    """Images B 3 H W, labels B A -> scores B S h w, S scales; each scale has the same weight.

    Convolutions with random weights, never trained, mix the features of each stage across channels, then with those of
    coarser stages. Without them the heads would look at a few channels only (section 3.2).
    """

    def __init__(self, options: "ProjectedDiscriminatorOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        attributes = shape.attributes if options.labels else {}
        self.conditional = bool(attributes)
        self.stages = self.encoder.stage_range(options.first, options.last)
        widths = [options.width << place for place in range(len(self.stages))]
        own = [self.encoder.channels[stage] for stage in self.stages]
        self.channel_mixes = nn.ModuleList(RandomMixture(*pair) for pair in zip(own, widths, strict=True))
        coarser = [*widths[1:], 0]
        self.scale_mixes = nn.ModuleList(
            RandomMixture(width + more, width) for width, more in zip(widths, coarser, strict=True)
        )
        self.heads = nn.ModuleList(_Head(width, options.width, attributes) for width in widths)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, plus how well each place fits them."""
        maps = self.encoder.maps(images, depth=self.stages.stop)
        mixed: list[Tensor] = []
        for place, stage in reversed(list(enumerate(self.stages))):
            values = self.channel_mixes[place](maps[stage])
            if mixed:
                coarse = functional.interpolate(mixed[-1], values.shape[2:], mode="bilinear", align_corners=False)
                values = torch.cat([values, coarse], dim=1)
            mixed.append(self.scale_mixes[place](values))
        scores = [head(values, label) for head, values in zip(self.heads, reversed(mixed), strict=True)]
        return torch.cat([functional.interpolate(one, scores[0].shape[2:]) for one in scores], dim=1)


class _Head(nn.Module):
    """Scores of one scale, B 1 h w; labels by projection (Miyato and Koyama, arXiv 1802.05637), place by place."""

    def __init__(self, before: int, width: int, attributes: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.inner = spectral_norm(nn.Conv2d(before, width, 3, padding=1))
        self.score = spectral_norm(nn.Conv2d(width, 1, 3, padding=1, bias=False))
        self.table = LabelTable(attributes, width, spread=1 / math.sqrt(width)) if attributes else None

    def forward(self, values: Tensor, label: Tensor | None) -> Tensor:
        inner = functional.leaky_relu(self.inner(values), 0.2)
        scores: Tensor = self.score(inner)
        if self.table is not None and label is not None:
            scores = scores + (self.table(label)[:, :, None, None] * inner).sum(1, keepdim=True)
        return scores
