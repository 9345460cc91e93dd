"""Two critics in one, as in generative multi-adversarial networks (Durugkar et al., arXiv 1611.01673)."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.model import Discriminator, Terms
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.perceptual import EnsembleOptions


class Ensemble(Discriminator):
    """Images B 3 H W -> scores B S h w; both critics weigh the same.

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


def _as_maps(scores: Tensor) -> Tensor:
    """Scores B or B x … as B S h w."""
    return scores.reshape(len(scores), -1, 1, 1) if scores.ndim < 4 else scores
