"""Zero-centred gradient penalties (Mescheder et al., arXiv 1801.04406, eq. 9 and 10)."""

from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import gradient_norms
from ganzoo.model import Judged, Regulariser

if TYPE_CHECKING:
    from ganzoo_plugins.regularisers import GradientOptions


class R1(Regulariser):
    """gamma/2 ‖∇D(x)‖² at real images."""

    def __init__(self, options: "GradientOptions") -> None:
        super().__init__()
        self.gamma, self.every = options.gamma, options.every

    def forward(self, judged: Judged) -> Tensor:
        """At the images of the batch."""
        return self._penalty(judged, judged.batch.target)

    def _penalty(self, judged: Judged, images: Tensor) -> Tensor:
        norms = gradient_norms(judged.discriminator, images, judged.batch.label)
        return self.gamma / 2 * norms.square().mean()


class R2(R1):
    """gamma/2 ‖∇D(G(z))‖² at drawn images."""

    def forward(self, judged: Judged) -> Tensor:
        """At the images that were drawn."""
        return self._penalty(judged, judged.fake)
