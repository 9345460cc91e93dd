"""A clean translator of unpaired images, and what can go wrong with it."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ganzoo.losses import least_squares
from ganzoo.model import GAN, Batch, Step, Terms


class Translator(nn.Module):
    """Images B 3 H W -> images B 3 H W, starting near the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(width, affine=True),
            nn.ReLU(),
            nn.Conv2d(width, 3, 3, padding=1, padding_mode="reflect"),
        )

    def forward(self, images: Tensor) -> Tensor:
        return (1.5 * images + 0.3 * self.layers(images)).tanh()


class PatchCritic(nn.Sequential):
    """Images B 3 H W -> scores B 1 h w."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, width, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 1, 3, 1, 1),
        )  # fmt: skip


class CleanTranslator(GAN):
    """Two translators and two critics, least squares, cycle and identity."""

    def __init__(self, options: object, *, shape: object, parts: object) -> None:
        super().__init__()
        self.lr = options.lr
        self.players = nn.ModuleDict({"there": Translator(options.width), "back": Translator(options.width)})
        self.critics = nn.ModuleDict({"target": PatchCritic(options.width), "source": PatchCritic(options.width)})
        self.averaged = self.players["there"]

    def forward(self, batch: Batch) -> Tensor:
        return self.players["there"](batch.source)

    def steps(self) -> Iterable[Step]:
        yield Step(name="generators", trains=self.players, loss=self.generator_loss)
        yield Step(name="critics", trains=self.critics, loss=self.critic_loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.Adam(step.trains.parameters(), self.lr, betas=(0.5, 0.999))

    def generator_loss(self, batch: Batch) -> Terms:
        there, back = self.players["there"], self.players["back"]
        painted, photo = there(batch.source), back(batch.target)
        return {
            "painted": least_squares(self.critics["target"](painted), 1),
            "photo": least_squares(self.critics["source"](photo), 1),
            "cycle": self.cycle(batch, back(painted), there(photo)),
            "identity": self.identity(batch),
        }

    def cycle(self, batch: Batch, source: Tensor, target: Tensor) -> Tensor:
        return 0.1 * ((source - batch.source).abs().mean() + (target - batch.target).abs().mean())

    def identity(self, batch: Batch) -> Tensor:
        return 0.05 * (self.players["there"](batch.target) - batch.target).abs().mean()

    def critic_loss(self, batch: Batch) -> Terms:
        painted = self.players["there"](batch.source).detach()
        photo = self.players["back"](batch.target).detach()
        return {
            "target": least_squares(self.critics["target"](batch.target), 1),
            "painted": least_squares(self.critics["target"](painted), 0),
            "source": least_squares(self.critics["source"](batch.source), 1),
            "photo": least_squares(self.critics["source"](photo), 0),
        }


class CleanPairs(CleanTranslator):
    """Pairs belong together, and the model says so."""

    paired = True

    def identity(self, batch: Batch) -> Tensor:
        return 0.05 * (self(batch) - batch.target).abs().mean()


class CycleOnTheWrongSide(CleanTranslator):
    def cycle(self, batch: Batch, source: Tensor, target: Tensor) -> Tensor:
        return 0.1 * ((source - batch.target).abs().mean() + (target - batch.source).abs().mean())


class IdentityWithThePicture(CleanPairs):
    paired = False


class CriticOfTheWrongSide(CleanTranslator):
    def generator_loss(self, batch: Batch) -> Terms:
        terms = super().generator_loss(batch)
        painted, photo = self.players["there"](batch.source), self.players["back"](batch.target)
        exchanged = {
            "painted": least_squares(self.critics["source"](painted), 1),
            "photo": least_squares(self.critics["target"](photo), 1),
        }
        return {**terms, **exchanged}


class SecondCriticWithoutStep(CleanTranslator):
    def steps(self) -> Iterable[Step]:
        yield Step(name="generators", trains=self.players, loss=self.generator_loss)
        yield Step(name="critics", trains=self.critics["target"], loss=self.critic_loss)


class ChangesTheSource(CleanTranslator):
    def generator_loss(self, batch: Batch) -> Terms:
        batch.source.add_(0.1).clamp_(-1, 1)
        return super().generator_loss(batch)


class SourceIsNotUsed(CleanTranslator):
    def forward(self, batch: Batch) -> Tensor:
        return self.players["there"](torch.zeros_like(batch.source))


class AveragesTheWayBack(CleanTranslator):
    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.averaged = self.players["back"]


class PaintsTheTarget(CleanTranslator):
    def forward(self, batch: Batch) -> Tensor:
        return self.players["there"](batch.target)
