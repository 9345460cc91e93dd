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
    """The critic sees the photo beside the true or the translated image; the loss compares pixels as well."""

    paired = True
    options: "Pix2PixOptions"

    def discriminator_shape(self, shape: ImageShape) -> ImageShape:
        """The channels of two images."""
        return ImageShape(channels=2 * shape.channels, height=shape.height, width=shape.width)

    def discriminator_input(self, batch: Batch, images: Tensor) -> Tensor:
        """The photo and the image, stacked in the channels."""
        return torch.cat([source_of(batch), images], dim=1)

    def translated(self, batch: Batch) -> Tensor:
        """Translated with dropout, which is the noise of the paper."""
        return batch.shared("translated", self.generator, lambda: self._translate(batch))

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """The distance to the true image."""
        return {"l1": self.options.l1 * l1_loss(translated, batch.target)}

    def _translate(self, batch: Batch) -> Tensor:
        generator = self.generator
        if not isinstance(generator, UNet):
            return self.translate(source_of(batch))
        generator.uniform = batch.uniform
        try:
            return self.translate(source_of(batch))
        finally:
            generator.uniform = None  # nothing of a batch may stay in a network
