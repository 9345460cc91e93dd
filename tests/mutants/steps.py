"""Steps and optimisers that train the wrong thing, or nothing."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import nn

from ganzoo.model import Batch, Step, Terms
from tests.mutants.clean import Clean


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


class KeepsTheGraph(Clean):
    kept = None

    def generator_loss(self, batch: Batch) -> Terms:
        images = self(batch)
        before, self.kept = self.kept, images.mean()
        change = 0 if before is None else (images.mean() - before).square()
        return {"fake": F.softplus(-self.critic(images)).mean() + 0.01 * change}


class ClampsBeforeTheGradient(Clean):
    def critic_loss(self, batch: Batch) -> Terms:
        terms = super().critic_loss(batch)
        with torch.no_grad():
            for parameter in self.critic.parameters():
                parameter.clamp_(-0.1, 0.1)
        return terms


class ClampsImagesInPlace(Clean):
    def generator_loss(self, batch: Batch) -> Terms:
        images = self(batch)
        scores = self.critic(images)
        images.clamp_(-0.9, 0.9)
        return {"fake": F.softplus(-scores).mean()}
