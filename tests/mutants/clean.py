"""Clean recipes from noise to images: plain, with a penalty, and conditional."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo.layers import LabelTable
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
        self.table = LabelTable({"style": ("one", "two", "three"), "season": ("warm", "cold")}, LATENT, spread=1.0)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(latent + self.table(label))


class CleanConditional(Clean):
    """Draws what the label says."""

    conditional = True

    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return ConditionalGenerator(width, height, columns)
