"""The recipe of R3GAN (Huang et al., arXiv 2501.05441): everything that anneals does so along half a cosine."""

import math
from typing import TYPE_CHECKING

import torch

from ganzoo import ImageShape
from ganzoo.model import AdversarialGAN, Batch, Judged, Step, Terms
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.r3gan import R3GANOptions


class R3GAN(AdversarialGAN):
    """The adversarial recipe with schedules for the learning rate, beta2 and the regularisers."""

    def __init__(self, options: "R3GANOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.schedule = options
        self._optimisers: list[torch.optim.Optimizer] = []

    def rate(self, progress: float) -> float:
        """From 1 to `lr_end`."""
        return _cosine(1.0, self.schedule.lr_end, progress)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """Adam, whose beta2 the steps change."""
        built = super().optimiser(step)
        self._optimisers.append(built)
        return built

    def _discriminator_loss(self, batch: Batch) -> Terms:
        beta2 = _cosine(self.schedule.beta2, self.schedule.beta2_end, batch.progress)
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                if "betas" in group:
                    group["betas"] = (group["betas"][0], beta2)
        return super()._discriminator_loss(batch)

    def _regularised(self, judged: Judged) -> dict[str, torch.Tensor]:
        factor = _cosine(1.0, self.schedule.regularise_end, judged.batch.progress)
        return {name: factor * term for name, term in super()._regularised(judged).items()}


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (0.5 + 0.5 * math.cos(math.pi * min(max(progress, 0.0), 1.0)))
