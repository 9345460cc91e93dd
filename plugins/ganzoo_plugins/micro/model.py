"""Distillation (Hinton et al., arXiv 1503.02531) of a translator: a small painter copies what a large one paints."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.model import Batch, Step, Terms
from ganzoo.parts import Parts
from ganzoo.translator import Translator, falling, source_of
from ganzoo_plugins.micro.teacher import Teacher

if TYPE_CHECKING:
    from ganzoo_plugins.micro import MicroOptions


class Micro(Translator):
    """One step: pixels and features of the painting approach those of the teacher's painting of the same photo.

    Without a teacher the data are pairs, and the painting of a pair is what the teacher would have painted.
    """

    channels_last = True  # plain convolutions without norms are faster so, on a CPU too
    options: "MicroOptions"

    def __init__(self, options: "MicroOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.generator = parts.generator(shape)
        self.encoder: Encoder = parts.build("encoder")
        self.stages = self.encoder.stage_range(options.first, options.last)
        self.averaged = self.generator
        self.paired = not options.teacher
        self.teacher = Teacher(options.teacher, options.teacher_step, options.teacher_weights)

    def steps(self) -> Iterable[Step]:
        """The painter's only step; the teacher is loaded here, as only training needs it."""
        if not self.paired:
            self.teacher.check_size(self.shape)
        yield Step(name="generator", trains=self.generator, loss=self.loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(step.trains.parameters(), self.options.lr, fused=True)

    def rate(self, progress: float) -> float:
        """1, then a straight line to 0 from `decay_from` on."""
        return falling(progress, self.options.decay_from)

    def loss(self, batch: Batch) -> Terms:
        """The distances of pixels and of features."""
        painted, wanted = self(batch), self.wanted(batch)
        return {
            "pixels": self.options.pixels * l1_loss(painted.float(), wanted),
            "perceptual": self.options.perceptual * self.distance(painted, wanted),
        }

    @torch.no_grad()
    def wanted(self, batch: Batch) -> Tensor:
        """What the teacher paints of the photos, B 3 H W; without a teacher, their true paintings."""
        return batch.target if self.paired else self.teacher.paint(source_of(batch))

    def distance(self, painted: Tensor, wanted: Tensor) -> Tensor:
        """Mean absolute difference of feature maps, relative to their mean size in each image; the mean over all."""
        with torch.no_grad():
            aims = self.encoder.maps(wanted, depth=self.stages.stop)
        maps = self.encoder.maps(painted, depth=self.stages.stop)
        return torch.stack([_relative(maps[stage], aims[stage]).mean() for stage in self.stages]).mean()


def _relative(values: Tensor, aims: Tensor) -> Tensor:
    """B: the mean absolute difference of each image by the mean size of what it should be."""
    values, aims = values.float(), aims.float()
    return (values - aims).abs().mean((1, 2, 3)) / (aims.abs().mean((1, 2, 3)) + 1e-6)
