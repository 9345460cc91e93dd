"""The hinge version of the adversarial loss (Lim and Ye, arXiv 1705.02894, as used by Miyato et al., 1802.05957)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import hinge_fake, hinge_real
from ganzoo.model import AdversarialLoss, Terms

if TYPE_CHECKING:
    from ganzoo_plugins.hinge import HingeOptions


class Hinge(AdversarialLoss):
    """Scores beyond 1 and -1 cost the discriminator nothing.

    FastGAN draws the margin of each score at random from 0.8 to 1; `softness` takes the mean over all such draws.
    """

    def __init__(self, options: "HingeOptions") -> None:
        self.softness = options.softness

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
        return {"real": hinge_real(real, self.softness), "fake": hinge_fake(fake, self.softness)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-D(G(z))."""
        return {"fake": -fake.mean()}
