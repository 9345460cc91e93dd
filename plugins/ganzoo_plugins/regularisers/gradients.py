"""Zero-centred gradient penalties (Mescheder et al., arXiv 1801.04406, eq. 9 and 10)."""

import math
from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import gradient_norms
from ganzoo.model import CriticOutputs, Regulariser

if TYPE_CHECKING:
    from ganzoo_plugins.regularisers import GradientOptions


class R1(Regulariser):
    """gamma/2 ‖∇D(x)‖² at real images."""

    def __init__(self, options: "GradientOptions") -> None:
        super().__init__()
        self.gamma, self.every = options.gamma, options.every

    def forward(self, outputs: CriticOutputs) -> Tensor:
        """The penalty at the images of the batch."""
        return self._penalty(outputs, outputs.batch.target)

    def _penalty(self, outputs: CriticOutputs, images: Tensor) -> Tensor:
        norms = gradient_norms(outputs.discriminator, images, outputs.batch.label)
        gamma = automatic_gamma(images) if self.gamma == "auto" else float(self.gamma)
        return gamma / 2 * norms.square().mean()


class R2(R1):
    """gamma/2 ‖∇D(G(z))‖² at generated images."""

    def forward(self, outputs: CriticOutputs) -> Tensor:
        """The penalty at generated images."""
        return self._penalty(outputs, outputs.fake)


def automatic_gamma(images: Tensor) -> float:
    """The published weights for faces of 64 and 256 px (arXiv 2501.05441); a power law gives all other sizes."""
    height, width = images.shape[2:]
    return 2.0 * math.sqrt(height * width / 64**2) ** 3
