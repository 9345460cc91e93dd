"""The saturating loss of 2014 (Goodfellow et al., arXiv 1406.2661)."""

from torch import Tensor

from ganzoo import Options
from ganzoo.losses import cross_entropy_fake, cross_entropy_real
from ganzoo.model import AdversarialLoss, Terms


class Minimax(AdversarialLoss):
    """The discriminator maximises what the generator minimises: log D(x) + log(1 - D(G(z))) (eq. 1)."""

    scores_are_logits = True

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """-log D(x) - log(1 - D(G(z)))."""
        return {"real": cross_entropy_real(real), "fake": cross_entropy_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """log(1 - D(G(z))), whose slope vanishes where the discriminator is certain."""
        return {"fake": -cross_entropy_fake(fake)}
