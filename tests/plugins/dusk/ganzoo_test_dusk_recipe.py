"""Darkens images, and counts what it has been told of the discriminator."""

import torch
from ganzoo_test_dusk import DuskOptions
from torch import Tensor

from ganzoo import ImageShape
from ganzoo.augment import uniform
from ganzoo.model import Augmentation


class Dusk(Augmentation):
    def __init__(self, options: DuskOptions, *, shape: ImageShape) -> None:
        super().__init__()
        self.depth = options.depth
        self.register_buffer("observed", torch.zeros((), dtype=torch.int64))

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return (images + 1) * (1 - self.depth * uniform(images, rng, 1, 1, 1)) - 1

    def observe(self, real_scores: Tensor) -> None:
        self.observed += 1
