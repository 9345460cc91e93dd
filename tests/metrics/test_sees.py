"""Each way a model can be bad moves the scores that are there to see it."""

import pytest
import torch
from torch import Tensor

from ganzoo.metrics.copies import near_copies
from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.kid import kid
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.spread import spread

COUNT = 800


def draw(seed: int, *, spread: float = 1.0, groups: int = 20, noise: float = 0.0) -> Tensor:
    """Features of images in 20 groups of scenes, each on a curved surface of 6 dimensions; as a model draws them."""
    fixed = torch.Generator().manual_seed(0)
    centres = 1.5 * torch.randn(20, 6, generator=fixed)
    into, out = torch.randn(6, 24, generator=fixed) / 6, torch.randn(24, 48, generator=fixed) / 3
    rng = torch.Generator().manual_seed(seed)
    group = torch.randint(0, groups, (COUNT,), generator=rng)
    latent = centres[group] + torch.randn(COUNT, 6, generator=rng)
    # Noise comes before the nonlinearity, as that of pixels does; the mean square of a feature is about 1.
    return torch.relu(spread * latent @ into + noise * torch.randn(COUNT, 24, generator=rng)) @ out


REAL, PERFECT = draw(1), draw(2)


@pytest.fixture(scope="module")
def best() -> dict[str, float]:
    return everything(PERFECT)


def everything(fake: Tensor) -> dict[str, float]:
    distances = {"kid": kid(REAL, fake, resamples=0).value, "frechet": frechet(REAL, fake).value}
    shares = {"copies": near_copies(REAL, fake).share}
    return distances | shares | vars(neighbours(REAL, fake)) | vars(spread(REAL, fake))


def test_a_perfect_model(best):
    interval = kid(REAL, PERFECT)
    assert interval.low < 0 < interval.high
    assert best["precision"] > 0.9
    assert best["recall"] > 0.9
    assert best["coverage"] > 0.9
    assert best["density"] == pytest.approx(1, abs=0.1)
    assert best["copies"] < 0.04


def test_noise(best):
    fake = draw(2, noise=0.5)
    seen = everything(fake)
    assert kid(REAL, fake).low > 0
    assert seen["frechet"] > 2 * best["frechet"]
    assert seen["precision"] < best["precision"] - 0.3
    assert seen["density"] < 0.3 * best["density"]


def test_more_noise_is_worse():
    levels = [everything(draw(2, noise=noise)) for noise in (0.0, 0.4, 0.6, 0.8)]
    for name, sign in (("kid", 1), ("frechet", 1), ("precision", -1), ("density", -1), ("coverage", -1)):
        row = [sign * level[name] for level in levels]
        assert row == sorted(row), name


def test_fewer_modes(best):
    fake = draw(2, groups=10)
    seen = everything(fake)
    assert kid(REAL, fake).low > 0
    assert seen["frechet"] > best["frechet"]
    assert seen["recall"] < best["recall"] - 0.1
    assert seen["coverage"] < best["coverage"] - 0.1
    assert seen["precision"] > 0.9


def test_a_tenth_less_spread(best):
    fake = draw(2, spread=0.9)
    seen = everything(fake)
    assert kid(REAL, fake).low > 0
    assert seen["frechet"] > best["frechet"]
    assert seen["pairwise"] == pytest.approx(0.9, abs=0.03)
    assert seen["copies"] < 0.05


def test_copies(best):
    fake = REAL[torch.randint(0, COUNT, (COUNT,), generator=torch.Generator().manual_seed(3))]
    seen = everything(fake + 0.02 * torch.randn(fake.shape, generator=torch.Generator().manual_seed(4)))
    assert seen["copies"] > 0.9
    assert seen["kid"] < best["kid"] + 0.02, "the scores of distributions don't see it"
    assert seen["precision"] > 0.9


def test_samples_all_alike():
    fake = REAL[:1] + 0.01 * torch.randn(COUNT, REAL.shape[1], generator=torch.Generator().manual_seed(5))
    seen = everything(fake)
    assert seen["pairwise"] < 0.05
    assert seen["recall"] < 0.05
    assert kid(REAL, fake).low > 0
