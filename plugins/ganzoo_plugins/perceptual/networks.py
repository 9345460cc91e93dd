"""A critic on frozen pretrained features, as in Projected GANs (Sauer et al., arXiv 2111.01007), patch by patch."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.layers import RandomMixture
from ganzoo.model import Discriminator, Terms
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.perceptual import EnsembleOptions, FeaturePatchOptions


class FeaturePatch(Discriminator):
    """Images B 3 H W -> scores B S h w: on each of S stages of features two trained layers score each place.

    Unlike the paper it neither mixes stages at random nor pools down to 8 x 8: strokes show a style, wherever they are.
    """

    def __init__(self, options: "FeaturePatchOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        self.stages = self.encoder.stage_range(options.first, options.last)
        own = [self.encoder.channels[stage] for stage in self.stages]
        mixed = options.projection
        self.mixtures = nn.ModuleList(RandomMixture(one, mixed) if mixed else nn.Identity() for one in own)
        self.heads = nn.ModuleList(_head(mixed or one, options.width) for one in own)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; the label is not used. Those of coarse stages are repeated, so that all stages weigh the same."""
        maps = self.encoder.maps(images, depth=self.stages.stop)
        mixed = [mixture(maps[stage]) for stage, mixture in zip(self.stages, self.mixtures, strict=True)]
        scores = [head(one) for head, one in zip(self.heads, mixed, strict=True)]
        finest = scores[0].shape[2:]
        return torch.cat([functional.interpolate(one, finest) for one in scores], dim=1)


class Ensemble(Discriminator):
    """Images B 3 H W -> scores B S h w of two critics, which weigh the same (Durugkar et al., arXiv 1611.01673).

    Features of one frozen network leave a generator room for patterns that they don't show, such as a fine hatch in a
    sky. A second critic that sees them closes it.
    """

    def __init__(self, options: "EnsembleOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.first: Discriminator = parts.build("first", shape=shape)
        self.second: Discriminator = parts.build("second", shape=shape)
        self.conditional = self.first.conditional or self.second.conditional

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """The maps of both, at the size of the larger; those of the critic with fewer maps are repeated."""
        scores = [_as_maps(critic(images, label)) for critic in (self.first, self.second)]
        size = tuple(max(sides) for sides in zip(*(one.shape[2:] for one in scores), strict=True))
        count = math.lcm(*(one.shape[1] for one in scores))
        large = [functional.interpolate(one, size) for one in scores]
        return torch.cat([one.repeat(1, count // one.shape[1], 1, 1) for one in large], dim=1)

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        """The extra terms of both."""
        places = {"first": self.first, "second": self.second}
        return {
            f"{place} {name}": term
            for place, critic in places.items()
            for name, term in critic.auxiliary(images, rng).items()
        }


def _head(channels: int, width: int) -> nn.Module:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(channels, width, 3, padding=1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, 1, 3, padding=1, bias=False)),
    )


def _as_maps(scores: Tensor) -> Tensor:
    """Scores B or B x … as B S h w."""
    return scores.reshape(len(scores), -1, 1, 1) if scores.ndim < 4 else scores
