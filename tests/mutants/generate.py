"""A clean recipe from noise to images, and what can go wrong with it."""

import random
import socket
from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo.losses import gradient_penalty
from ganzoo.model import GAN, Batch, Step, Terms

LATENT = 8


class Generator(nn.Module):
    """Latents B 8 -> images B 3 H W."""

    def __init__(self, width: int, height: int, columns: int) -> None:
        super().__init__()
        self.size = height, columns
        self.start = nn.Linear(LATENT, width * 16)
        self.middle = nn.Conv2d(width, width, 3, padding=1)
        self.end = nn.Conv2d(width, 3, 3, padding=1)

    def features(self, latent: Tensor) -> Tensor:
        x = F.relu(self.start(latent)).unflatten(1, (-1, 4, 4))
        x = F.interpolate(x, scale_factor=2.0)
        x = F.relu(self.middle(x))
        return F.interpolate(x, size=self.size)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        return self.end(self.features(latent)).tanh()


class Critic(nn.Module):
    """Images B 3 H W -> scores B."""

    def __init__(self, width: int, height: int, columns: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(width * (height // 4) * (columns // 4), 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten()


class Clean(GAN):
    """The non-saturating game, done right."""

    def __init__(self, options: object, *, shape: object, parts: object) -> None:
        super().__init__()
        self.lr = options.lr
        self.generator = self.build_generator(options.width, shape.height, shape.width)
        self.critic = Critic(options.width, shape.height, shape.width)
        self.averaged = self.generator

    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return Generator(width, height, columns)

    def forward(self, batch: Batch) -> Tensor:
        return self.generator(batch.noise(LATENT), batch.label)

    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=self.critic, loss=self.critic_loss)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.Adam(step.trains.parameters(), self.lr, betas=(0.5, 0.999))

    def critic_loss(self, batch: Batch) -> Terms:
        fake = self(batch).detach()
        return {"real": F.softplus(-self.critic(batch.target)).mean(), "fake": F.softplus(self.critic(fake)).mean()}

    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(-self.critic(self(batch))).mean()}


class CleanPenalty(Clean):
    """With a gradient penalty."""

    def critic_loss(self, batch: Batch) -> Terms:
        return {**super().critic_loss(batch), "penalty": self.penalty(batch, self(batch).detach())}

    def penalty(self, batch: Batch, fake: Tensor) -> Tensor:
        return gradient_penalty(lambda images, label: self.critic(images), batch.target, fake, batch.uniform(1, 1, 1))


class ConditionalGenerator(Generator):
    """One that looks at the label."""

    def __init__(self, width: int, height: int, columns: int) -> None:
        super().__init__(width, height, columns)
        self.embedding = nn.Embedding(3, LATENT)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(latent + self.embedding(label[:, 0]))


class CleanConditional(Clean):
    """Draws what the label says."""

    conditional = True

    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return ConditionalGenerator(width, height, columns)


# Losses ------------------------------------------------------------------------------------------------------------


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


# Steps -------------------------------------------------------------------------------------------------------------


class GeneratorWithoutStep(Clean):
    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=self.critic, loss=self.critic_loss)


class StepsOfOneName(Clean):
    def steps(self) -> Iterable[Step]:
        yield Step(name="step", trains=self.critic, loss=self.critic_loss)
        yield Step(name="step", trains=self.generator, loss=self.generator_loss)


class StepsThatDiffer(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.calls = 0

    def steps(self) -> Iterable[Step]:
        self.calls += 1
        yield Step(name=f"critic-{self.calls}", trains=self.critic, loss=self.critic_loss)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss)


class LayerOutsideOfSteps(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.warp = nn.Conv2d(3, 3, 1)

    def critic_loss(self, batch: Batch) -> Terms:
        return {"real": F.softplus(-self.critic(self.warp(batch.target).tanh())).mean(), **super().critic_loss(batch)}


class OptimiserOfTheOtherNetwork(Clean):
    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.generator.parameters(), self.lr)


class OptimiserOfAPart(Clean):
    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.Adam(list(step.trains.parameters())[:-1], self.lr)


class ClipsTheWrongNetwork(Clean):
    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=self.critic, loss=self.critic_loss, after=self.clip)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss)

    def clip(self) -> None:
        for parameter in self.generator.parameters():
            parameter.clamp_(-0.01, 0.01)


class DecaysTheOtherNetworkBefore(Clean):
    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=self.critic, loss=self.critic_loss)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss, before=self.decay)

    def decay(self) -> None:
        for parameter in self.critic.parameters():
            parameter.mul_(0.99)


class LearningRateOfNothing(Clean):
    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.SGD(step.trains.parameters(), lr=self.lr if step.name == "critic" else 0.0)


class LayerThatIsNotUsed(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        network = super().build_generator(width, height, columns)
        network.extra = nn.Conv2d(3, 3, 1)
        return network


class LayersInAList(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.extra = [nn.Conv2d(3, 3, 1)]

    def critic_loss(self, batch: Batch) -> Terms:
        changed = self.extra[0](batch.target).tanh()
        return {**super().critic_loss(batch), "extra": F.softplus(-self.critic(changed)).mean()}


# What is drawn -----------------------------------------------------------------------------------------------------


class WithoutTanh(Clean):
    def forward(self, batch: Batch) -> Tensor:
        latent = batch.noise(LATENT)
        return self.generator.end(self.generator.features(latent))


class LargeWeightsGiveNaN(Clean):
    def forward(self, batch: Batch) -> Tensor:
        x = self.generator.end(self.generator.features(batch.noise(LATENT)))
        return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


class InDoublePrecision(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return super().forward(batch).double() if not self.training else super().forward(batch)


class AlwaysASquare(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return Generator(width, height, height)


class SameForAll(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return super().forward(batch)[:1].expand(len(batch), -1, -1, -1)


class NoiseIsNotUsed(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return self.generator(torch.linspace(-1, 1, LATENT).expand(len(batch), -1) * torch.arange(len(batch))[:, None])


class LooksAtTheTarget(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return (super().forward(batch) + 0.1 * batch.target).clamp(-1, 1)


class RemembersTheLastBatch(Clean):
    last = 0.0

    def forward(self, batch: Batch) -> Tensor:
        images = super().forward(batch)
        shown = (images + 0.01 * self.last).clamp(-1, 1)
        self.last = float(images.detach().mean()) * 100
        return shown


class LabelIgnored(Clean):
    conditional = True


class LabelNotDeclared(CleanConditional):
    conditional = False


class AveragesTheCritic(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.averaged = self.critic


class AveragesAPart(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.averaged = self.generator.start


class TensorOnTheCpu(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return self.generator(batch.noise(LATENT) + torch.ones(LATENT, device="cpu") * 0.1)


class BranchesOnAValue(Clean):
    def forward(self, batch: Batch) -> Tensor:
        images = super().forward(batch)
        return images.clamp(-0.9, 0.9) if images.abs().max().item() > 0.9 else images


# Randomness and state ----------------------------------------------------------------------------------------------


class GlobalNoise(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return self.generator(torch.randn(len(batch), LATENT))


class GlobalNoiseInTheLoss(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        noisy = (batch.target + 0.1 * torch.randn_like(batch.target)).clamp(-1, 1)
        return {**super().critic_loss(batch), "real": F.softplus(-self.critic(noisy)).mean()}


class CoinOfPython(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        images = batch.target.flip(3) if random.random() < 0.5 else batch.target
        return {**super().critic_loss(batch), "real": F.softplus(-self.critic(images)).mean()}


class WeightsOfNumpy(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        with torch.no_grad():
            self.generator.start.weight.copy_(torch.from_numpy(np.random.randn(*self.generator.start.weight.shape)))


class ChangesTheTarget(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        batch.target.mul_(0.9)
        return super().critic_loss(batch)


class CountsOutsideOfBuffers(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.count = 0

    def generator_loss(self, batch: Batch) -> Terms:
        self.count += 1
        return {name: value * min(1.0, self.count / 10) for name, value in super().generator_loss(batch).items()}


class WeightsOutsideOfModules(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.colour = [torch.rand(3, 1, 1) * 0.2]

    def forward(self, batch: Batch) -> Tensor:
        return (super().forward(batch) + self.colour[0]).clamp(-1, 1)


class ClosureOverTheNetwork(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        network = self.generator
        self.draw = lambda latent: network(latent)

    def forward(self, batch: Batch) -> Tensor:
        return self.draw(batch.noise(LATENT))


class NoiseOfItsOwnShare(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return self.generator(torch.randn(len(batch), LATENT, generator=batch.rng))


class StatisticsOfTheBatch(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        spread = self.critic(batch.target).std()
        return {**super().critic_loss(batch), "spread": (spread - 1).square()}


class OverflowsInHalfPrecision(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        scores = self.critic(self(batch))
        return {"fake": F.softplus(-scores).mean() / (1 if scores.dtype == torch.float32 else 0)}


class CanNotBeBuilt(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return nn.Linear(width, "height")


class AsksTheNetwork(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        socket.create_connection(("weights.example", 443), timeout=1)
