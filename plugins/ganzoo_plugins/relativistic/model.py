"""Relativistic games (Jolicoeur-Martineau, arXiv 1807.00734)."""

from torch import Tensor

from ganzoo import Options
from ganzoo.losses import relative_real
from ganzoo.model import AdversarialLoss, Terms


class Relativistic(AdversarialLoss):
    """-log sigmoid(D(x) - D(G(z))) for the discriminator, and the reverse for the generator (eq. 5 and 6)."""

    needs_real = True

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """Real above drawn, pair by pair."""
        return {"pairs": relative_real(real, fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """Drawn above real, pair by pair."""
        assert real is not None, "the game compares with real images"
        return {"pairs": relative_real(fake, real)}


class RelativisticAverage(AdversarialLoss):
    """Each side against the mean score of the other, in both directions (eq. 9 to 12)."""

    needs_real = True

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """Real above the mean of drawn, drawn below the mean of real."""
        return {"real": relative_real(real, fake.mean(0)), "fake": relative_real(real.mean(0), fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """Drawn above the mean of real, real below the mean of drawn."""
        assert real is not None, "the game compares with real images"
        return {"fake": relative_real(fake, real.mean(0)), "real": relative_real(fake.mean(0), real)}
