"""The recipe of R3GAN (Huang et al., arXiv 2501.05441): three schedules along half a cosine."""

import math
from typing import TYPE_CHECKING

from ganzoo.model import AdversarialGAN, Critic, CriticOutputs, Terms

if TYPE_CHECKING:
    from ganzoo_plugins.r3gan import R3GANOptions


class R3GAN(AdversarialGAN):
    """The adversarial recipe with schedules for the learning rate, beta2 and the regularisers."""

    options: "R3GANOptions"

    def rate(self, progress: float) -> float:
        """From 1 to `lr_end`."""
        return _cosine(1.0, self.options.lr_end, progress)

    def betas(self, progress: float) -> tuple[float, float]:
        """`beta1` throughout, and from `beta2` to `beta2_end`."""
        return self.options.beta1, _cosine(self.options.beta2, self.options.beta2_end, progress)

    def regularisation(self, outputs: CriticOutputs, critic: Critic) -> Terms:
        """From the full weight to `regularise_end` of it."""
        factor = _cosine(1.0, self.options.regularise_end, outputs.batch.progress)
        return {name: factor * term for name, term in super().regularisation(outputs, critic).items()}


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (0.5 + 0.5 * math.cos(math.pi * min(max(progress, 0.0), 1.0)))
