"""The hinge version of the adversarial game (Lim and Ye, arXiv 1705.02894, as used by Miyato et al., 1802.05957)."""

from torch import Tensor

from ganzoo import Options
from ganzoo.losses import hinge_fake, hinge_real
from ganzoo.model import AdversarialLoss, Terms


class Hinge(AdversarialLoss):
    """Scores beyond 1 and -1 cost the discriminator nothing."""

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
        return {"real": hinge_real(real), "fake": hinge_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-D(G(z))."""
        return {"fake": -fake.mean()}
