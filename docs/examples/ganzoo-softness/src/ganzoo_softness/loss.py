"""Cross-entropy with one-sided label smoothing (Salimans et al., arXiv 1606.03498, section 3.4)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import cross_entropy_fake, cross_entropy_real
from ganzoo.model import AdversarialLoss, Terms

if TYPE_CHECKING:
    from ganzoo_softness import SmoothedOptions


class Smoothed(AdversarialLoss):
    """Real images shall look real with probability `target`, not 1; the term of drawn images is the usual one."""

    scores_are_logits = True

    def __init__(self, options: "SmoothedOptions") -> None:
        self.target = options.target

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """-a log D(x) - (1 - a) log(1 - D(x)) - log(1 - D(G(z))) with a = target."""
        smoothed = self.target * cross_entropy_real(real) + (1 - self.target) * cross_entropy_fake(real)
        return {"real": smoothed, "fake": cross_entropy_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-log D(G(z))."""
        return {"fake": cross_entropy_real(fake)}
