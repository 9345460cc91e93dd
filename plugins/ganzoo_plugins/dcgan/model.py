"""The non-saturating loss (Goodfellow et al., arXiv 1406.2661, section 3)."""

from torch import Tensor

from ganzoo import Options
from ganzoo.losses import cross_entropy_fake, cross_entropy_real
from ganzoo.model import AdversarialLoss, Terms


class NonSaturating(AdversarialLoss):
    """The discriminator's cross-entropy; the generator maximises log D(G(z)) (arXiv 1406.2661, section 3)."""

    scores_are_logits = True

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """-log D(x) - log(1 - D(G(z)))."""
        return {"real": cross_entropy_real(real), "fake": cross_entropy_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-log D(G(z))."""
        return {"fake": cross_entropy_real(fake)}
