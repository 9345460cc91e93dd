"""Losses that are wrong."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.losses import gradient_penalty
from ganzoo.model import Batch, Terms
from tests.mutants.clean import Clean, CleanPenalty


class GeneratorSignFlipped(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(self.critic(self(batch))).mean()}


class CriticSignFlipped(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        return {name: -value for name, value in super().critic_loss(batch).items()}


class RealAndFakeExchanged(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        fake = self(batch).detach()
        return {"real": F.softplus(self.critic(batch.target)).mean(), "fake": F.softplus(-self.critic(fake)).mean()}


class MeanForgotten(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        terms = super().critic_loss(batch)
        return {**terms, "fake": F.softplus(self.critic(self(batch).detach())).sum()}


class MeanForgottenByGenerator(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(-self.critic(self(batch))).sum()}


class LossIsNoScalar(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(-self.critic(self(batch)))}


class LossIsAFloat(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        return {**super().generator_loss(batch), "weight": 0.5}


class LossIsNotFinite(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        return {**super().generator_loss(batch), "log": (batch.progress * self(batch).mean() - 10).log()}


class GeneratorLossOnDetachedImages(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        real = self(batch).square().mean() * 0.01
        return {"fake": F.softplus(-self.critic(self(batch).detach())).mean(), "size": real}


class TermThatMovesNothing(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        return {**super().critic_loss(batch), "brightness": batch.target.mean()}


class PenaltyWithoutGraph(CleanPenalty):
    def penalty(self, batch: Batch, fake: Tensor) -> Tensor:
        point = batch.target.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(point).sum(), point)
        return gradient.square().sum(dim=(1, 2, 3)).mean()


class PenaltyOutsideOfTheImages(CleanPenalty):
    def penalty(self, batch: Batch, fake: Tensor) -> Tensor:
        mix = batch.noise(1, 1, 1)  # normal where uniform was meant
        return gradient_penalty(lambda images, label: self.critic(images), batch.target, fake, mix)


class PenaltyOnPixelsOf255(CleanPenalty):
    def penalty(self, batch: Batch, fake: Tensor) -> Tensor:
        return super().penalty(batch, fake) if fake is None else self._of((fake + 1) * 127.5)

    def _of(self, images: Tensor) -> Tensor:
        point = images.requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(point).sum(), point, create_graph=True)
        return gradient.square().sum(dim=(1, 2, 3)).mean()


class PenaltyNotAMean(CleanPenalty):
    def penalty(self, batch: Batch, fake: Tensor) -> Tensor:
        return super().penalty(batch, fake) * len(batch)


class CriticInEvaluationMode(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        self.critic.eval()
        return super().critic_loss(batch)


class LastRealImageLeftOut(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        scores = self.critic(batch.target)[:-1]
        return {**super().critic_loss(batch), "real": F.softplus(-scores).mean()}


class MiddleRealImagesLeftOut(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        scores = self.critic(batch.target)[[0, -1]]
        return {**super().critic_loss(batch), "real": F.softplus(-scores).mean()}


class LastDrawnImageLeftOut(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(-self.critic(self(batch)[: len(batch) // 2])).mean()}


class ChangesWeightsInTheLoss(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        for parameter in self.critic.parameters():
            parameter.clamp_(-0.1, 0.1)
        return super().critic_loss(batch)
