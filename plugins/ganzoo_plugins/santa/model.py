"""Unpaired translation by a shortest path (Xie et al., Shortest Path Regularization, CVPR 2023)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from ganzoo import ImageShape, UsageError
from ganzoo.model import Batch, Terms
from ganzoo.parts import Parts
from ganzoo.translator import AdversarialTranslator, source_of
from ganzoo_plugins.santa.networks import SANTAGenerator

if TYPE_CHECKING:
    from ganzoo_plugins.santa import SANTAOptions


class SANTA(AdversarialTranslator):
    """Strength 0 decodes to the photo, strength 1 to the painting; a loss keeps the path between them short."""

    native_strength = True
    options: "SANTAOptions"
    generator: SANTAGenerator

    def __init__(self, options: "SANTAOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        if not isinstance(self.generator, SANTAGenerator):
            raise UsageError("santa needs a generator that takes a strength: leave generator=santa")

    def translate(self, images: Tensor, *, strength: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Images translated at that strength, 1 by default."""
        translated: Tensor = self.generator(images, strength)
        return translated

    def translated(self, batch: Batch) -> Tensor:
        """Photos at strength 1, from noisy codes, so that the decoder becomes robust."""
        return batch.shared("translated", self.generator, lambda: self._translate(batch))

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """Both ends of the path, its length, and the size of the codes."""
        options, photo = self.options, source_of(batch)
        code = self.generator.encode(photo)
        noisy = self._noisy(code, batch)
        at_zero, _ = self.generator.decode(noisy, photo, photo.new_zeros(len(photo)))
        again = self.generator(batch.target)
        return {
            "reconstruction": options.reconstruction * l1_loss(at_zero, photo),
            "same": options.same * l1_loss(again, batch.target),
            "path": options.path * self._path(noisy, photo, batch),
            "prior": options.prior * code.square().mean(),
        }

    def _translate(self, batch: Batch) -> Tensor:
        photo = source_of(batch)
        code = self.generator.encode(photo)
        translated, _ = self.generator.decode(self._noisy(code, batch), photo, photo.new_ones(len(photo)))
        return translated

    def _noisy(self, code: Tensor, batch: Batch) -> Tensor:
        return code + self.options.noise * batch.noise(*code.shape[1:])

    def _path(self, code: Tensor, photo: Tensor, batch: Batch) -> Tensor:
        """How fast the maps of the decoder change with the strength, squared; the mean over the maps."""
        low, high = self.options.step_low, self.options.step_high
        numbers = batch.uniform(2)
        middle, delta = numbers[:, 0], low + (high - low) * numbers[:, 1]
        ends = [(middle + delta).clamp(0, 1), (middle - delta).clamp(0, 1)]
        upper, lower = (self.generator.decode(code, photo, end)[1] for end in ends)
        distance = (ends[0] - ends[1]).clamp(min=0.1)[:, None, None, None]
        return torch.stack([((a - b) / distance).square().mean() for a, b in zip(upper, lower, strict=True)]).mean()
