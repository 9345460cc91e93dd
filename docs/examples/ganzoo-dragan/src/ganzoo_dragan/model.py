"""The loss of DRAGAN (Kodali et al., arXiv 1705.07215)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import cross_entropy_fake, cross_entropy_real, gradient_penalty
from ganzoo.model import AdversarialLoss, Batch, Discriminator, Terms

if TYPE_CHECKING:
    from ganzoo_dragan import LossOptions


class DRAGAN(AdversarialLoss):
    """Cross-entropy, and λ (‖∇D(x̂)‖ - 1)² at points between an image and one disturbed by noise (section 2.3)."""

    scores_are_logits = True

    def __init__(self, options: "LossOptions") -> None:
        self.options = options

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """-log D(x) - log(1 - D(G(z)))."""
        return {"real": cross_entropy_real(real), "fake": cross_entropy_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-log D(G(z))."""
        return {"fake": cross_entropy_real(fake)}

    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        """The penalty between real images, B C H W, and the same with noise of the data's own size."""
        images = batch.target
        values = images.flatten(1)
        # The spread of the whole batch, also of the images that other processes have.
        spread = batch.mean((values - batch.mean(values).mean()).square()).mean().sqrt()
        reach = self.options.reach * spread
        disturbed = images + reach * batch.uniform(*images.shape[1:])
        mix = batch.uniform(1, 1, 1)
        penalty = gradient_penalty(discriminator, images, disturbed, mix, batch.label)
        return {"penalty": self.options.weight * penalty}
