"""Image-to-image translation from pairs (Isola et al., arXiv 1611.07004)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from ganzoo import ImageShape
from ganzoo.model import Batch, Terms
from ganzoo.translator import AdversarialTranslator, source_of
from ganzoo_plugins.pix2pix.networks import UNet

if TYPE_CHECKING:
    from ganzoo_plugins.pix2pix import Pix2PixOptions


class Pix2Pix(AdversarialTranslator):
    """The critic sees the photo beside the true or the painted image, and pixels are compared as well."""

    paired = True
    options: "Pix2PixOptions"

    def judged_shape(self, shape: ImageShape) -> ImageShape:
        """Two images on top of each other."""
        return ImageShape(channels=2 * shape.channels, height=shape.height, width=shape.width)

    def judged(self, batch: Batch, images: Tensor) -> Tensor:
        """The image with its photo."""
        return torch.cat([source_of(batch), images], dim=1)

    def painted(self, batch: Batch) -> Tensor:
        """Painted with the dropout that the paper has for noise."""
        return batch.shared("painted", self.generator, lambda: self._paint(batch))

    def content(self, batch: Batch, painted: Tensor) -> Terms:
        """Near the true image."""
        return {"l1": self.options.l1 * l1_loss(painted, batch.target)}

    def _paint(self, batch: Batch) -> Tensor:
        generator = self.generator
        if not isinstance(generator, UNet):
            return self.translate(source_of(batch))
        generator.uniform = batch.uniform
        try:
            return self.translate(source_of(batch))
        finally:
            generator.uniform = None  # nothing of a batch may stay in a network
