"""Images that are not what was asked for."""

import torch
from torch import Tensor, nn

from ganzoo.model import Batch
from tests.mutants.clean import LATENT, Clean, CleanConditional, ConditionalGenerator, Generator


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


class _First(ConditionalGenerator):
    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        blank = torch.cat([label[:, :1], torch.zeros_like(label[:, 1:])], dim=1)
        return super().forward(latent, label if label.is_floating_point() else blank)


class FirstAttributeOnly(CleanConditional):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return _First(width, height, columns)


class _Numbers(Generator):
    def __init__(self, width: int, height: int, columns: int) -> None:
        super().__init__(width, height, columns)
        self.tables = nn.ModuleList(nn.Embedding(count, LATENT) for count in (3, 2))

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(latent + self.tables[0](label[:, 0]) + self.tables[1](label[:, 1]))


class NumbersOnly(CleanConditional):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return _Numbers(width, height, columns)


class _Rounds(ConditionalGenerator):
    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        return super().forward(latent, label.roll(1, 1) if label.is_floating_point() else label)


class MixturesOfOtherValues(CleanConditional):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        return _Rounds(width, height, columns)


class LooksAtItsNeighbours(Clean):
    def forward(self, batch: Batch) -> Tensor:
        images = super().forward(batch)
        return images if self.training else (images - 0.1 * images.mean()).clamp(-1, 1)


class NormOfTheBatch(Clean):
    def build_generator(self, width: int, height: int, columns: int) -> nn.Module:
        network = super().build_generator(width, height, columns)
        network.middle = nn.Sequential(network.middle, nn.BatchNorm2d(width, track_running_stats=False))
        return network
