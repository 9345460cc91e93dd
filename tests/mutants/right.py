"""Right recipes that look wrong at first sight: no check may alarm on them."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo.losses import hinge_fake, hinge_real
from ganzoo.model import Batch, Step, Terms
from tests.mutants.clean import LATENT, Clean, Critic, Generator


class PartlyFrozenGenerator(Clean):
    """The first layer is fixed, and the generator takes two steps a round."""

    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.generator.start.requires_grad_(False)

    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=self.critic, loss=self.critic_loss)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss, repeat=2)

    def fake(self, batch: Batch) -> Tensor:
        return batch.shared("fake", self.generator, lambda: self(batch))

    def critic_loss(self, batch: Batch) -> Terms:
        fake = self.critic(self.fake(batch).detach())
        return {"real": F.softplus(-self.critic(batch.target)).mean(), "fake": F.softplus(fake).mean()}

    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": F.softplus(-self.critic(self.fake(batch))).mean()}


class _Body(nn.Sequential):
    """A frozen body that stays in evaluation mode, as a pretrained one does."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.Conv2d(width, 3, 3, padding=1))
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> "_Body":
        return super().train(False)


class _CriticWithBody(Critic):
    def __init__(self, width: int, height: int, columns: int) -> None:
        super().__init__(width, height, columns)
        self.body = _Body(width)

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images + self.body(images))


class FrozenBackbone(Clean):
    def __init__(self, options: object, *, shape: object, parts: object) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.critic = _CriticWithBody(options.width, shape.height, shape.width)


class MomentumTeacher(Clean):
    """A copy of the generator follows it, and the generator stays close to the copy."""

    def __init__(self, options: object, *, shape: object, parts: object) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.teacher = Generator(options.width, shape.height, shape.width).requires_grad_(False)
        self.teacher.load_state_dict(self.generator.state_dict())

    def steps(self) -> Iterable[Step]:
        yield Step(name="critic", trains=self.critic, loss=self.critic_loss)
        yield Step(name="generator", trains=self.generator, loss=self.generator_loss, after=self.follow)

    def follow(self) -> None:
        for slow, fast in zip(self.teacher.parameters(), self.generator.parameters(), strict=True):
            slow.lerp_(fast, 0.1)

    def generator_loss(self, batch: Batch) -> Terms:
        latent = batch.noise(LATENT)
        images = self.generator(latent)
        distance = (images - self.teacher(latent)).square().mean()
        return {"fake": F.softplus(-self.critic(images)).mean(), "teacher": 0.01 * distance}


class LastBiasUnderHinge(Clean):
    """While all scores are inside the margin, real and fake images push the last bias equally hard."""

    def critic_loss(self, batch: Batch) -> Terms:
        return {"hinge": hinge_real(self.critic(batch.target)) + hinge_fake(self.critic(self(batch).detach()))}

    def generator_loss(self, batch: Batch) -> Terms:
        return {"fake": -self.critic(self(batch)).mean()}


class _Attending(Generator):
    """With attention between places, whose keys have a bias that the softmax cancels."""

    def __init__(self, width: int, height: int, columns: int) -> None:
        super().__init__(width, height, columns)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))

    def features(self, latent: Tensor) -> Tensor:
        maps = super().features(latent)
        places = maps.flatten(2).transpose(1, 2)
        weights = torch.softmax(self.query(places) @ self.key(places).transpose(1, 2), dim=-1)
        return maps + (weights @ self.value(places)).transpose(1, 2).unflatten(2, maps.shape[2:])


class AttentionKeyBias(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return _Attending(width, height, columns)
