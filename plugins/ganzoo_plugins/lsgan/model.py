"""The least-squares loss (Mao et al., arXiv 1611.04076)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import least_squares
from ganzoo.model import AdversarialLoss, Terms

if TYPE_CHECKING:
    from ganzoo_plugins.lsgan import LeastSquaresOptions


class LeastSquares(AdversarialLoss):
    """½(D(x) - b)² + ½(D(G(z)) - a)² for the discriminator, ½(D(G(z)) - c)² for the generator (eq. 2)."""

    def __init__(self, options: "LeastSquaresOptions") -> None:
        self.options = options

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """½(D(x) - b)² + ½(D(G(z)) - a)²."""
        return {"real": least_squares(real, self.options.b), "fake": least_squares(fake, self.options.a)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """½(D(G(z)) - c)²."""
        return {"fake": least_squares(fake, self.options.c)}
