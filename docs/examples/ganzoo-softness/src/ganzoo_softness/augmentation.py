"""Haze, by kornia."""

from typing import TYPE_CHECKING

import torch
from kornia.augmentation import RandomGaussianBlur
from torch import Tensor

from ganzoo import ImageShape
from ganzoo.augment import seeded
from ganzoo.model import Augmentation

if TYPE_CHECKING:
    from ganzoo_softness import HazeOptions


class Haze(Augmentation):
    """Blurs images at random; differentiable, as a blur is a convolution."""

    def __init__(self, options: "HazeOptions", *, shape: ImageShape) -> None:
        super().__init__()
        deviation = (options.strength, options.strength)
        self.blur = RandomGaussianBlur((5, 5), deviation, p=options.probability)

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Images B C H W in [-1, 1] -> the same shape and range, some of them blurred."""
        with seeded(rng):  # kornia draws from torch's global generator
            hazy: Tensor = self.blur(images)
        return hazy
