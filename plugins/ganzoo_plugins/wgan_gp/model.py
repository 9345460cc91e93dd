"""The Wasserstein loss with gradient penalty (Gulrajani et al., arXiv 1704.00028)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import gradient_penalty, wasserstein_fake, wasserstein_real
from ganzoo.model import AdversarialLoss, Batch, Discriminator, Terms

if TYPE_CHECKING:
    from ganzoo_plugins.wgan_gp import GradientPenaltyOptions


class PenalisedWasserstein(AdversarialLoss):
    """E[f(G(z))] - E[f(x)] + λ E[(‖∇f(x̂)‖₂ - 1)²] for the critic f, -E[f(G(z))] for the generator (eq. 3)."""

    def __init__(self, options: "GradientPenaltyOptions") -> None:
        self.weight = options.weight

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """E[f(G(z))] - E[f(x)], the negative of the estimated distance."""
        return {"real": wasserstein_real(real), "fake": wasserstein_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-E[f(G(z))]."""
        return {"fake": wasserstein_real(fake)}

    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        """λ (‖∇f(x̂)‖₂ - 1)² between real and generated images."""
        mix = batch.uniform(1, 1, 1)
        return {"penalty": self.weight * gradient_penalty(discriminator, batch.target, fake, mix, batch.label)}
