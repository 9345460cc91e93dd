"""Recipes with steps of their own around the parts of an adversarial recipe."""

from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor

from ganzoo.losses import gradient_penalty
from ganzoo.model import AdversarialGAN, Batch, Critic, Step, Terms
from ganzoo.testing.host import HostDiscriminator, HostGenerator


class OwnSteps(AdversarialGAN):
    """Right: the generator comes first."""

    def __init__(self, options: object, *, shape: object, parts: object) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.generator = self.averaged = HostGenerator(options, shape=shape)
        self.discriminator = HostDiscriminator(options, shape=shape)
        self.conditional = self.generator.conditional

    def steps(self) -> Iterable[Step]:
        discriminator, generator = super().steps()
        yield generator
        yield discriminator


class HooksForgotten(OwnSteps):
    def steps(self) -> Iterable[Step]:
        yield from (replace(step, before=None, after=None) for step in super().steps())


class PenaltyForgotten(OwnSteps):
    def discriminator_loss(self, batch: Batch) -> Terms:
        real, fake = (self.discriminator(images, batch.label) for images in (batch.target, self.fake(batch).detach()))
        return self.loss.discriminator(real, fake)


class PenaltyOfNoLabel(OwnSteps):
    def discriminator_terms(self, batch: Batch, fake: Tensor, critic: Critic | None = None) -> Terms:
        penalty = gradient_penalty(self.discriminator, batch.target, fake, batch.uniform(1, 1, 1))
        return {**super().discriminator_terms(batch, fake, critic), "penalty": penalty}
