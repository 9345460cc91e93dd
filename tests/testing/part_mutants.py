"""Parts with one planted bug each, by kind."""

import random
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo import ImageShape, ImageSource, Picture, Size, hookimpl
from ganzoo.encoders import Encoder, Resize
from ganzoo.metrics import FeatureSets, Metric
from ganzoo.model import Augmentation


class Flip(Augmentation):
    """Mirrors some images."""

    def __init__(self, options: object, *, shape: ImageShape) -> None:
        super().__init__()

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        coin = torch.rand(len(images), 1, 1, 1, generator=rng) < 0.5
        return torch.where(coin, images.flip(3), images)


class WrongSize(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return super().forward(images, rng)[..., 1:]


class NoLargerThanShape(Flip):
    margin = 0.5


class OwnRandomness(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return super().forward(images, rng) * (0.9 + 0.1 * torch.rand(1))


class InPlace(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return images.mul_(0.5) if not images.requires_grad else images * 0.5


class FlipsTheDark(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        dark = images.mean(dim=(1, 2, 3), keepdim=True) < 0
        return torch.where(dark, images.flip(3), images)


class FlipsEveryOther(Flip):
    calls = 0

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        self.calls += 1
        return images.flip(3) if self.calls % 2 else images


class StopsGradients(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return super().forward(images.detach(), rng)


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, images: Tensor) -> Tensor:
        return images * 0.5

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient * 0.5


class OneGradientOnly(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return _Once.apply(images)


class ZeroToOne(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return (super().forward(images, rng) + 1) / 2


class RootAtTheEdge(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return 2 * ((super().forward(images, rng) + 1) / 2).sqrt() - 1


class NormOfGrey(Flip):
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        flipped = super().forward(images, rng)
        return flipped + 0.01 * flipped.square().sum(dim=1, keepdim=True).sqrt()


class Squares(ImageSource):
    """Grey pictures, each of its own brightness."""

    def __init__(self, options: object) -> None:
        self.count_of = options.count
        self.attributes = {"half": ("first", "second")}

    def __len__(self) -> int:
        return self.count_of

    def fingerprint(self) -> str:
        return f"squares:{self.count_of}"

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for index in indices:
            yield Picture(pixels=self.pixels(index, size), labels=(self.label(index),))

    def pixels(self, index: int, size: Size) -> np.ndarray:
        return np.full((size.height, size.width, 3), index % 256, np.uint8)

    def label(self, index: int) -> int:
        return int(index >= self.count_of / 2)


class SquaresOnly(Squares):
    def pixels(self, index: int, size: Size) -> np.ndarray:
        return np.full((size.height, size.height, 3), index % 256, np.uint8)


class FloatPictures(Squares):
    def pixels(self, index: int, size: Size) -> np.ndarray:
        return super().pixels(index, size) / 255


class UnknownLabel(Squares):
    def label(self, index: int) -> int:
        return 2


class OtherEachTime(Squares):
    def pixels(self, index: int, size: Size) -> np.ndarray:
        return np.full((size.height, size.width, 3), random.SystemRandom().randrange(256), np.uint8)


class DependsOnTheOrder(Squares):
    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for place, _ in enumerate(indices):
            yield Picture(pixels=self.pixels(place, size), labels=(0,))


class OtherName(Squares):
    def fingerprint(self) -> str:
        return f"squares:{id(self)}"


class NameWithoutBrightness(Squares):
    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.brightness = options.brightness

    def pixels(self, index: int, size: Size) -> np.ndarray:
        return np.full((size.height, size.width, 3), (index + self.brightness) % 256, np.uint8)


class ValuesOfASet(Squares):
    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.attributes = {"half": tuple({"first", "second"}), "kind": tuple({"grey", "plain", "flat"})}

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for index in indices:
            yield Picture(pixels=self.pixels(index, size), labels=(0, 0))


class DeadCount(Squares):
    def __init__(self, options: object) -> None:
        self.count_of = 100
        self.attributes = {"half": ("first", "second")}


class NoSource:
    def __init__(self, options: object) -> None: ...


class Distance(Metric):
    """How far the means are apart."""

    meanings: Mapping[str, str] = {"distance": "between the means, lower is better"}

    def __init__(self, options: object) -> None: ...

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"distance": float((features.real.double().mean(0) - features.fake.double().mean(0)).norm())}


class NotANumber(Distance):
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"distance": float("nan")}


class NoMeaning(Distance):
    meanings: Mapping[str, str] = {}


class RandomRows(Distance):
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        features.real[:] = features.real[torch.randint(len(features.real), (len(features.real),))]
        return super().compute(features)


class FirstImageOnly(Distance):
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"distance": float((features.real[0] - features.fake[0]).norm())}


class AlwaysTheSame(Distance):
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"distance": float(len(features.real))}


class CrashesOnFew(Distance):
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"distance": float((features.real[2] * 0).sum()) + super().compute(features)["distance"]}


class NothingOfOne(Distance):
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"distance": super().compute(features)["distance"] / float(features.real.std(0).mean())}


class _Mean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(3))


class Mean(Encoder):
    """The mean colour."""

    def __init__(self, options: object) -> None:
        super().__init__(
            _Mean(), name="mean", architecture="mean", dimension=3, strides=(1,), channels=(3,), resize=Resize()
        )

    def pooled(self, inputs: Tensor) -> Tensor:
        return inputs.mean(dim=(2, 3)) @ self.network.weight

    def pyramid(self, inputs: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        return (inputs,)[:depth]


class WrongDimension(Mean):
    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.dimension = 5


class TrainsAlong(Mean):
    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.scale_of = nn.Parameter(torch.ones(1))


class LooksAtTheBatch(Mean):
    def pooled(self, inputs: Tensor) -> Tensor:
        return super().pooled(inputs) - super().pooled(inputs).mean(0)


class OtherFingerprint(Mean):
    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.fingerprint = f"{id(self):064d}"


class Diary:
    """Hears of the end."""

    def __init__(self, options: object) -> None: ...

    @hookimpl
    def ganzoo_run_finished(self, summary: Mapping[str, object]) -> None:
        """Nothing to do."""


class NotMarked(Diary):
    def ganzoo_run_started(self, run: object) -> None: ...


class UnknownHook(Diary):
    @hookimpl
    def ganzoo_run_ended(self, run: object) -> None: ...


class AsksForMore(Diary):
    @hookimpl
    def ganzoo_samples_drawn(self, run: object, picture: object) -> None: ...


class HearsNothing:
    def __init__(self, options: object) -> None: ...
