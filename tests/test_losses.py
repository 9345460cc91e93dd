"""Each loss against its formula by hand on small numbers, and gradients checked numerically."""

import math
from collections.abc import Callable

import pytest
import torch
from ganzoo_plugins.dcgan.model import NonSaturating
from ganzoo_plugins.lsgan import LeastSquaresOptions
from ganzoo_plugins.lsgan.model import LeastSquares
from ganzoo_plugins.wgan import WassersteinOptions
from ganzoo_plugins.wgan.model import ClippedWasserstein
from ganzoo_plugins.wgan_gp import GradientPenaltyOptions
from ganzoo_plugins.wgan_gp.model import PenalisedWasserstein
from torch import Tensor

from ganzoo.batch import Batch
from ganzoo.losses import cross_entropy_fake, cross_entropy_real, gradient_penalty, least_squares
from ganzoo.model import AdversarialLoss, Discriminator

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def mean(function: Callable[[float], float], scores: Tensor) -> float:
    return sum(function(float(score)) for score in scores) / len(scores)


def total(terms: object) -> float:
    return float(sum(dict(terms).values()))  # type: ignore[call-overload]


def test_non_saturating() -> None:
    loss = NonSaturating(None)  # type: ignore[arg-type]  # it has no options
    expected = mean(lambda s: -math.log(sigmoid(s)), REAL) + mean(lambda s: -math.log(1 - sigmoid(s)), FAKE)
    assert total(loss.discriminator(REAL, FAKE)) == pytest.approx(expected, rel=1e-6)
    assert total(loss.generator(FAKE, None)) == pytest.approx(mean(lambda s: -math.log(sigmoid(s)), FAKE), rel=1e-6)


def test_least_squares() -> None:
    loss = LeastSquares(LeastSquaresOptions(a=-1, b=2, c=0.5))
    expected = 0.5 * mean(lambda s: (s - 2) ** 2, REAL) + 0.5 * mean(lambda s: (s + 1) ** 2, FAKE)
    assert total(loss.discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert total(loss.generator(FAKE, None)) == pytest.approx(0.5 * mean(lambda s: (s - 0.5) ** 2, FAKE))


@pytest.mark.parametrize(
    "loss", [ClippedWasserstein(WassersteinOptions()), PenalisedWasserstein(GradientPenaltyOptions())]
)
def test_wasserstein(loss: AdversarialLoss) -> None:
    assert total(loss.discriminator(REAL, FAKE)) == pytest.approx(-1.25 - 0.5)
    assert total(loss.generator(FAKE, None)) == pytest.approx(1.25)


class Slope(Discriminator):
    """f(x) = slope · sum of x, whose gradient is known: slope everywhere."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(slope))

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        return self.slope * images.sum(dim=(1, 2, 3))


def test_gradient_penalty_of_a_known_slope() -> None:
    real, fake = torch.rand(4, 3, 2, 2), torch.rand(4, 3, 2, 2)
    penalty = gradient_penalty(Slope(0.5), real, fake, torch.rand(4, 1, 1, 1))
    assert penalty.item() == pytest.approx((0.5 * math.sqrt(12) - 1) ** 2, rel=1e-5)
    weighted = PenalisedWasserstein(GradientPenaltyOptions(weight=3))
    batch = Batch(real, torch.Generator().manual_seed(0))
    (term,) = weighted.penalty(Slope(0.5), batch, fake).values()
    assert term.item() == pytest.approx(3 * penalty.item(), rel=1e-5)


def test_gradient_penalty_is_taken_between_the_images() -> None:
    class Square(Slope):
        def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
            return self.slope * images.square().sum(dim=(1, 2, 3)) / 2

    real, fake = torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1, 1), 1.0)
    for mix, point in ((1.0, 3.0), (0.0, 1.0), (0.5, 2.0)):
        penalty = gradient_penalty(Square(1.0), real, fake, torch.full((1, 1, 1, 1), mix))
        assert penalty.item() == pytest.approx((point - 1) ** 2)


def test_gradient_penalty_reaches_the_critic_and_not_the_generator() -> None:
    critic, fake = Slope(0.5), torch.rand(2, 3, 2, 2, requires_grad=True)
    gradient_penalty(critic, torch.rand(2, 3, 2, 2), fake, torch.rand(2, 1, 1, 1)).backward()
    assert critic.slope.grad is not None and float(critic.slope.grad) != 0
    assert fake.grad is None


@pytest.mark.parametrize("function", [cross_entropy_real, cross_entropy_fake, lambda s: least_squares(s, 0.3)])
def test_gradients(function: Callable[[Tensor], Tensor]) -> None:
    scores = torch.tensor([0.3, -2.0, 4.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, scores)


@pytest.mark.parametrize("function", [cross_entropy_real, cross_entropy_fake])
def test_extreme_logits_stay_finite(function: Callable[[Tensor], Tensor]) -> None:
    scores = torch.tensor([1e4, -1e4], requires_grad=True)
    value = function(scores)
    value.backward()
    assert torch.isfinite(value) and scores.grad is not None and torch.isfinite(scores.grad).all()
