"""Distances of pretrained features as terms of a loss."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganzoo.encoders import Encoder
from ganzoo.model import Batch
from ganzoo.parts import Parts
from ganzoo.translator import Term, Translate, source_of

if TYPE_CHECKING:
    from ganzoo_plugins.perceptual import PerceptualOptions


class Perceptual(Term):
    """Mean absolute difference of feature maps, relative to their mean size (after Johnson et al., 1603.08155)."""

    def __init__(self, options: "PerceptualOptions", *, parts: Parts) -> None:
        super().__init__()
        self.weight = options.weight
        self.encoder: Encoder = parts.build("encoder")
        self.stages = self.encoder.stage_range(options.first, options.last)

    def forward(self, batch: Batch, translated: Tensor, translate: Translate) -> Tensor:
        """The translated image against the photo; the mean over the stages."""
        with torch.no_grad():
            photo = self.encoder.maps(source_of(batch), depth=self.stages.stop)
        now = self.encoder.maps(translated, depth=self.stages.stop)
        parts = [(now[i] - photo[i]).abs().mean() / (photo[i].abs().mean() + 1e-6) for i in self.stages]
        return self.weight * torch.stack(parts).mean()
