"""The recipe of AdaIN (Huang and Belongie, arXiv 1703.06868) with a critic beside its content and style losses."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from ganzoo import ImageShape, UsageError
from ganzoo.model import Batch, Terms
from ganzoo.parts import Parts
from ganzoo.styled import StyledTranslator
from ganzoo.translator import source_of
from ganzoo_plugins.adain.networks import AdaINGenerator, VGGPainter

if TYPE_CHECKING:
    from ganzoo_plugins.adain import AdaINOptions


class AdaIN(StyledTranslator):
    """Each photo takes the style of the painting at its place in the batch."""

    options: "AdaINOptions"
    generator: AdaINGenerator | VGGPainter

    def __init__(self, options: "AdaINOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        if not isinstance(self.generator, AdaINGenerator | VGGPainter):
            raise UsageError("adain needs a generator that takes codes of paintings: leave generator=adain")

    def code(self, batch: Batch) -> Tensor:
        """The codes of the batch's paintings; nothing of the encoder is trained."""
        with torch.no_grad():
            return self.generator.code_of(batch.target)

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """The translated image must have the features and the style that were asked for."""
        code = self.code(batch)
        if self.training:
            self.generator.remember(code, batch.label)
        with torch.no_grad():
            wanted = self.generator.exchanged(self.generator.features(source_of(batch)), code)[-1]
        found = self.generator.features(translated)[-1]
        return {
            "content": self.options.content_weight * mse_loss(found, wanted),
            "style": self.options.style_weight
            * mse_loss(self.generator.code_of(translated), code)
            * len(self.generator.channels),
        }
