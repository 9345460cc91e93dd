"""Relativistic losses (Jolicoeur-Martineau, arXiv 1807.00734)."""

from torch import Tensor

from ganzoo import Options
from ganzoo.losses import relative_real
from ganzoo.model import AdversarialLoss, Batch, Terms


class Relativistic(AdversarialLoss):
    """-log sigmoid(D(x) - D(G(z))) for the discriminator, and the reverse for the generator (eq. 5 and 6)."""

    needs_real = True

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """Real above generated images, pair by pair."""
        return {"pairs": relative_real(real, fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """Generated above real images, pair by pair."""
        assert real is not None, "a relativistic loss compares with scores of real images"
        return {"pairs": relative_real(fake, real)}


class RelativisticAverage(AdversarialLoss):
    """Each score against the mean score of the other side, in both directions (eq. 9 to 12).

    The means are over the images of all processes.
    """

    needs_real = True

    def __init__(self, options: Options) -> None:
        pass

    def discriminator(self, real: Tensor, fake: Tensor, batch: Batch | None = None) -> Terms:
        """Real above the mean of generated, generated below the mean of real images."""
        return {"real": relative_real(real, _mean(fake, batch)), "fake": relative_real(_mean(real, batch), fake)}

    def generator(self, fake: Tensor, real: Tensor | None, batch: Batch | None = None) -> Terms:
        """Generated above the mean of real, real below the mean of generated images."""
        assert real is not None, "a relativistic loss compares with scores of real images"
        return {"fake": relative_real(fake, _mean(real, batch)), "real": relative_real(_mean(fake, batch), real)}


def _mean(scores: Tensor, batch: Batch | None) -> Tensor:
    return scores.mean(0) if batch is None else batch.mean(scores)
