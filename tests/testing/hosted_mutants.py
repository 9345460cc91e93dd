"""Parts that are checked within a host, right ones and ones with a planted bug."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo import Options
from ganzoo.losses import gradient_penalty
from ganzoo.model import AdversarialLoss, Batch, CriticOutputs, Discriminator, Regulariser, Terms
from ganzoo.testing.host import HostDiscriminator, HostGenerator


class Hinge(AdversarialLoss):
    """Right, with a margin of 1."""

    def __init__(self, options: Options) -> None: ...

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        return {"real": F.relu(1 - real).mean(), "fake": F.relu(1 + fake).mean()}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        return {"fake": -fake.mean()}


class FakeFlipped(Hinge):
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        return {"real": F.relu(1 - real).mean(), "fake": F.relu(1 - fake).mean()}


class RealFlipped(Hinge):
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        return {"real": F.relu(1 + real).mean(), "fake": F.relu(1 + fake).mean()}


class GeneratorFlipped(Hinge):
    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        return {"fake": fake.mean()}


class Pairs(Hinge):
    """Right and relativistic."""

    needs_real = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        return {"pairs": F.softplus(fake - real).mean()}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        return {"pairs": F.softplus(real - fake).mean()}


class PairsExchanged(Pairs):
    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        return {"pairs": F.softplus(fake - real).mean()}


class CriticPairsExchanged(Pairs):
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        return {"pairs": F.softplus(real - fake).mean()}


class AveragePairsExchanged(Pairs):
    """With targets for the distances, which one that is exchanged meets by chance where scores are a margin apart."""

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        return {"pairs": (real - fake.mean() - 1).square().mean() + (fake - real.mean() + 1).square().mean()}


class ClipsInThePenalty(Hinge):
    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        for parameter in discriminator.parameters():
            parameter.clamp_(-0.1, 0.1)
        return {}


class KeepsScores(Hinge):
    """A mean of scores that is kept with its graph."""

    kept = None

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        before, self.kept = self.kept, fake.mean()
        return {"fake": -fake.mean() if before is None else -(0.9 * fake.mean() + 0.1 * before)}


class ClampsScoresInPlace(Hinge):
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        terms = {"real": F.softplus(-real).square().mean(), "fake": F.softplus(fake).square().mean()}
        fake.clamp_(-1, 1)
        return terms


class PenaltyOfItsOwnNoise(Hinge):
    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        mix = torch.rand(len(fake), 1, 1, 1, generator=batch.rng)
        return {"penalty": gradient_penalty(discriminator, batch.target, fake, mix, batch.label)}


class PenaltyOfNoLabel(Hinge):
    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        return {"penalty": gradient_penalty(discriminator, batch.target, fake, batch.uniform(1, 1, 1))}


class FirstPairOnly(Hinge):
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        return super().discriminator(real[:1], fake)


class MeanOfMeans(Hinge):
    """Looks at a statistic of the images of one process."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        terms = super().discriminator(real, fake)
        return {**terms, "spread": (real.std(correction=0) - 1).square()}


class Drift(Regulariser):
    """Right: keeps scores small."""

    def __init__(self, options: Options) -> None:
        super().__init__()

    def forward(self, outputs: CriticOutputs) -> Tensor:
        scores = outputs.discriminator(outputs.batch.target, self.label(outputs.batch))
        return 0.001 * scores.square().mean()

    def label(self, batch: Batch) -> Tensor | None:
        return batch.label


class DriftWithoutLabel(Drift):
    def label(self, batch: Batch) -> Tensor | None:
        return None


class Network(HostGenerator):
    """Right."""


class PartlyFrozenNetwork(HostGenerator):
    """Right: its first layer is fixed."""

    def __init__(self, options: Options, **context: object) -> None:
        super().__init__(options, **context)
        self.start.requires_grad_(False)


class SeededNetwork(HostGenerator):
    def __init__(self, options: Options, **context: object) -> None:
        torch.manual_seed(0)
        super().__init__(options, **context)


class NormedNetwork(HostGenerator):
    """Its norm looks at the batch even in evaluation."""

    def __init__(self, options: Options, **context: object) -> None:
        super().__init__(options, **context)
        self.middle = nn.Sequential(self.middle, nn.BatchNorm2d(8, track_running_stats=False))


class GlobalNoise(HostGenerator):
    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(latent + torch.randn_like(latent), label)


class Scores(HostDiscriminator):
    """Right."""


class FirstAttributeScores(HostDiscriminator):
    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        first = None if label is None else torch.cat([label[:, :1], torch.zeros_like(label[:, 1:])], dim=1)
        return super().forward(images, first)


class _Body(nn.Sequential):
    """Frozen, and always in evaluation."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> "_Body":
        return super().train(False)


class ScoresOfABackbone(HostDiscriminator):
    """Right: a frozen body comes first."""

    def __init__(self, options: Options, **context: object) -> None:
        super().__init__(options, **context)
        self.body = _Body()

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(images + self.body(images), label)


class ScoresOfStatistics(HostDiscriminator):
    """Adds a statistic of the images of one process."""

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        scores = super().forward(images, label)
        return scores + (images.std(0).mean() + scores.std()).square()
