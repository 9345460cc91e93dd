"""The recipe of AdaIN (Huang and Belongie, arXiv 1703.06868) with a critic beside its content and style losses."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from ganzoo import ImageShape, UsageError
from ganzoo.model import Batch, Terms
from ganzoo.parts import Parts
from ganzoo.translator import AdversarialTranslator, source_of
from ganzoo_plugins.adain.networks import AdaINGenerator

if TYPE_CHECKING:
    from ganzoo_plugins.adain import AdaINOptions


class AdaIN(AdversarialTranslator):
    """Each photo takes the style of the painting at its place in the batch."""

    native_strength = True
    takes_style = True
    options: "AdaINOptions"
    generator: AdaINGenerator

    def __init__(self, options: "AdaINOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        if not isinstance(self.generator, AdaINGenerator):
            raise UsageError("adain needs a generator that takes codes of paintings: leave generator=adain")

    def translate(self, images: Tensor, *, strength: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Images in `style`, or in the mean style of all training paintings."""
        translated: Tensor = self.generator(images, style, strength)
        return translated

    def style_of(self, paintings: Tensor) -> Tensor:
        """The code of each painting."""
        return self.generator.code_of(paintings)

    def styles(self) -> Mapping[str, Tensor]:
        """The mean code of all paintings, then that of the paintings with each label."""
        names = ["", *(name for values in self.shape.attributes.values() for name in values)]
        return dict(zip(names, self.generator.codes, strict=True))

    def translated(self, batch: Batch) -> Tensor:
        """Photos, each in the style of its painting."""
        return batch.shared("translated", self.generator, lambda: self.generator(source_of(batch), self._code(batch)))

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """The translated image must have the features and the style that were asked for."""
        code = self._code(batch)
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

    @torch.no_grad()
    def _code(self, batch: Batch) -> Tensor:
        return self.generator.code_of(batch.target)
