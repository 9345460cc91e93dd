"""The recipe of MicroAST (Wang et al., arXiv 2211.15313) on any encoder's features, with a critic beside its losses."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganzoo import ImageShape, UsageError
from ganzoo.encoders import Encoder
from ganzoo.model import Batch, Terms
from ganzoo.parts import Parts
from ganzoo.styled import StyledTranslator
from ganzoo.translator import source_of
from ganzoo_plugins.microast.networks import MicroGenerator, statistics

if TYPE_CHECKING:
    from ganzoo_plugins.microast import MicroASTOptions

_EPSILON = 1e-6


class MicroAST(StyledTranslator):
    """Features of the picture take the statistics of the painting's, and style signals tell paintings apart."""

    options: "MicroASTOptions"
    generator: MicroGenerator

    def __init__(self, options: "MicroASTOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        if not isinstance(self.generator, MicroGenerator):
            raise UsageError("microast needs a generator with style signals: leave generator=microast")
        self.features: Encoder = parts.build("features")
        self.stages = self.features.stage_range(options.first, options.last)

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """The three losses of the paper."""
        code = self.code(batch)
        if self.training:
            self.generator.remember(code.detach(), batch.label)
        with torch.no_grad():
            photo, painting = self._maps(source_of(batch)), self._maps(batch.target)
        found = self._maps(translated)
        signals = self.generator.signals(self.generator.code_of(translated))
        options = self.options
        return {
            "content": options.content_weight * content_distance(found[-1], photo[-1]),
            "style": options.style_weight
            * torch.stack([style_distance(own, other) for own, other in zip(found, painting, strict=True)]).mean(),
            "contrast": options.contrast_weight * contrast(signals, self.generator.signals(code), batch),
        }

    def _maps(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.features.maps(images, depth=self.stages.stop)[self.stages.start :]


def content_distance(maps: Tensor, photo: Tensor) -> Tensor:
    """Squared distance of features B C h w, each channel at mean 0 and spread 1: what is where, in any style."""
    return (_normalised(maps) - _normalised(photo)).square().mean()


def style_distance(maps: Tensor, painting: Tensor) -> Tensor:
    """Squared distance of spreads and means of features B C h w, relative to their size in the painting.

    The size differs from encoder to encoder, and so the weights of the loss need not.
    """
    found, wanted = (torch.stack(statistics(one), dim=1) for one in (maps, painting))
    distance, size = (found - wanted).square().mean((1, 2)), wanted.square().mean((1, 2))
    return (distance / (size + _EPSILON)).mean()


def contrast(found: Tensor, wanted: Tensor, batch: Batch) -> Tensor:
    """How far the picture's style signals B 4 C are from its painting's, relative to the mean over all paintings.

    Unlike in the paper (eq. 9) its own painting counts in that mean, which then needs no painting of other processes.
    """
    mean = batch.mean(wanted)
    spread = batch.mean((wanted - mean).square().mean(2))
    own, others = (found - wanted).square().mean(2), (found - mean).square().mean(2) + spread
    return (own / (others + _EPSILON)).mean()


def _normalised(maps: Tensor) -> Tensor:
    spread, mean = (one[:, :, None, None] for one in statistics(maps))
    return (maps - mean) / spread
