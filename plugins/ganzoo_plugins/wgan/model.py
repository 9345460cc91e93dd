"""The Wasserstein loss with weight clipping (Arjovsky et al., arXiv 1701.07875)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import wasserstein_fake, wasserstein_real
from ganzoo.model import AdversarialLoss, Discriminator, Terms

if TYPE_CHECKING:
    from ganzoo_plugins.wgan import WassersteinOptions


class ClippedWasserstein(AdversarialLoss):
    """E[f(G(z))] - E[f(x)] for the critic f, -E[f(G(z))] for the generator (algorithm 1)."""

    def __init__(self, options: "WassersteinOptions") -> None:
        self.clip = options.clip

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """E[f(G(z))] - E[f(x)], the negative of the estimated distance."""
        return {"real": wasserstein_real(real), "fake": wasserstein_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-E[f(G(z))]."""
        return {"fake": wasserstein_real(fake)}

    def before_step(self, discriminator: Discriminator) -> None:
        """Clips before the step, as the authors' code does; the algorithm in the paper clips after it."""
        for parameter in discriminator.parameters():
            parameter.clamp_(-self.clip, self.clip)
