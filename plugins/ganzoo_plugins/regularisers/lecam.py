"""The LeCam regulariser for few training images (Tseng et al., arXiv 2104.03310, eq. 4)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganzoo.model import CriticOutputs, Regulariser

if TYPE_CHECKING:
    from ganzoo_plugins.regularisers import LeCamOptions


class LeCam(Regulariser):
    """λ(E[D(x) - a_F]² + E[D(G(z)) - a_R]²) with moving averages a of the scores of fake (F) and real (R) images."""

    average: Tensor

    def __init__(self, options: "LeCamOptions") -> None:
        super().__init__()
        self.weight, self.decay = options.weight, options.decay
        self.register_buffer("average", torch.zeros(2))

    def forward(self, outputs: CriticOutputs) -> Tensor:
        """Updates the averages with these scores, then computes the term."""
        real, fake = outputs.real_scores.float(), outputs.fake_scores.float()
        with torch.no_grad():
            self.average.lerp_(torch.stack([real.mean(), fake.mean()]), 1 - self.decay)
        of_real, of_fake = self.average.clone().unbind()
        return self.weight * ((real - of_fake).square().mean() + (fake - of_real).square().mean())
