"""Contrastive unpaired translation (Park et al., arXiv 2007.15651)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ganzoo import ImageShape, UsageError
from ganzoo.model import Batch, Terms
from ganzoo.parts import Parts
from ganzoo.translator import AdversarialTranslator, source_of
from ganzoo_plugins.cut.patches import Heads, contrast, places

if TYPE_CHECKING:
    from ganzoo_plugins.cut import CUTOptions


class CUT(AdversarialTranslator):
    """A contrastive loss compares the generator's maps of the photo with those of the translation, place by place."""

    options: "CUTOptions"

    def __init__(self, options: "CUTOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.heads = Heads(self._channels(), options.projection)
        # Checkpoints hold the weights under this name.
        self._painter = nn.ModuleList([self.generator, self.heads])

    @property
    def trained_modules(self) -> nn.Module:
        """The generator, and the heads that make its maps comparable."""
        return self._painter

    def translated(self, batch: Batch) -> Tensor:
        """The photos, translated once; with `flip` half of them are mirrored before and back again after it."""
        return batch.shared("translated", self.generator, lambda: self._translate(batch))

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """The contrastive loss, also of paintings that should stay as they are if `nce_identity`."""
        weight = self.options.nce
        terms = {"nce": weight * self._contrast(source_of(batch), translated, batch)}
        if self.options.nce_identity:
            same = self.generator(batch.target)
            terms = {
                "nce": 0.5 * terms["nce"],
                "nce identity": 0.5 * weight * self._contrast(batch.target, same, batch),
            }
        return terms

    def _translate(self, batch: Batch) -> Tensor:
        photo = source_of(batch)
        if not self.options.flip:
            return self.translate(photo)
        mirrored = (batch.uniform(1) < 0.5)[:, :, None, None]
        translated = self.translate(torch.where(mirrored, photo.flip(3), photo))
        return torch.where(mirrored, translated.flip(3), translated)

    def _contrast(self, before: Tensor, after: Tensor, batch: Batch) -> Tensor:
        with torch.no_grad():
            keys = self.generator.maps(before)
        queries = self.generator.maps(after)
        chosen = [places((one.shape[2], one.shape[3]), self.options.patches, batch) for one in keys]
        losses = [
            contrast(query, key.detach(), self.options.temperature)
            for query, key in zip(self.heads(queries, chosen), self.heads(keys, chosen), strict=True)
        ]
        return torch.stack(losses).mean()

    def _channels(self) -> list[int]:
        """Channels of the generator's maps, found by running it on one small image."""
        side = 8 * self.generator.size_multiple
        try:
            with torch.no_grad():
                maps = self.generator.eval().maps(torch.zeros(1, self.shape.channels, side, side))
        except NotImplementedError as error:
            raise UsageError(f"this generator does not fit: {error}; choose another, such as resnet") from None
        return [one.shape[1] for one in maps]
