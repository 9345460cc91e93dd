"""Randomness from elsewhere, and state that nobody saves."""

import random
import socket
from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo.model import Batch, Step, Terms
from tests.mutants.clean import LATENT, Clean


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


class SeedsTorch(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        torch.manual_seed(0)
        return super().build_generator(width, height, columns)


class SeedsItsOwnGenerator(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        network = super().build_generator(width, height, columns)
        nn.init.normal_(network.start.weight, std=0.3, generator=torch.Generator().manual_seed(0))
        return network


class SeedsNumpy(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        network = super().build_generator(width, height, columns)
        drawn = np.random.default_rng(7).normal(0, 0.3, network.start.weight.shape)
        network.start.weight = nn.Parameter(torch.from_numpy(drawn).float())
        return network


class LayersOfASet(Clean):
    def __init__(self, options: object, *, shape: object, parts: object) -> None:
        super().__init__(options, shape=shape, parts=parts)
        values = {value for values in shape.attributes.values() for value in values}
        self.heads = nn.ModuleDict({value: nn.Conv2d(3, 1, 1) for value in values})

    def critic_loss(self, batch: Batch) -> Terms:
        scores = sum(head(batch.target).mean() for head in self.heads.values())
        return {**super().critic_loss(batch), "heads": 0.01 * scores.square()}

    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=nn.ModuleList([self.critic, self.heads]), loss=self.critic_loss)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss)


class WeightsOfAHash(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        with torch.no_grad():
            self.generator.start.bias.add_(hash("start") % 1000 / 1e4)


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


class LogsACountOutsideOfBuffers(Clean):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.count = 0

    def generator_loss(self, batch: Batch) -> Terms:
        self.count += 1
        batch.record("count", torch.tensor(float(self.count)))
        return super().generator_loss(batch)


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


class ClosureOverTheCritic(Clean):
    """No bug for a run, which copies what draws only."""

    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        critic = self.critic
        self.scores = lambda images: critic(images)

    def critic_loss(self, batch: Batch) -> Terms:
        fake = self(batch).detach()
        return {"real": F.softplus(-self.scores(batch.target)).mean(), "fake": F.softplus(self.scores(fake)).mean()}

    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(-self.scores(self(batch))).mean()}


class NoiseOfItsOwnShare(Clean):
    def forward(self, batch: Batch) -> Tensor:
        return self.generator(torch.randn(len(batch), LATENT, generator=batch.rng))


class StatisticsOfTheBatch(Clean):
    """Nothing but a second process shows it: with each image twice the spread is the same."""

    def critic_loss(self, batch: Batch) -> Terms:
        spread = self.critic(batch.target).std(correction=0)
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
