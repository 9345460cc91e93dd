"""Fréchet distance: closed forms, ranks, extremes."""

import pytest
import torch

from ganzoo.metrics.frechet import covariance_root, frechet


def draw(count, dimension, seed=0):
    return torch.randn(count, dimension, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_eigenvalues(real, fake):
    mean = (real.mean(0) - fake.mean(0)).square().sum()
    first, second = real.T.cov(), fake.T.cov()
    roots = torch.linalg.eigvals(first @ second).real.clamp(min=0).sqrt().sum()
    return float(mean + first.trace() + second.trace() - 2 * roots)


@pytest.mark.parametrize(("count", "other"), [(200, 300), (200, 20), (20, 200), (20, 30), (40, 40), (41, 40), (2, 2)])
def test_it_is_exact_at_any_rank(count, other):
    real, fake = draw(count, 40) * torch.linspace(0.1, 2, 40), draw(other, 40, seed=1) + 0.1
    assert frechet(real, fake).value == pytest.approx(by_eigenvalues(real, fake), rel=1e-6)


def test_a_shift_and_a_scale_have_a_closed_form():
    real = draw(100, 5)
    trace = float(real.T.cov().trace())
    assert frechet(real, real + 2).value == pytest.approx(5 * 4)
    moved = (real - real.mean(0)) * 3 + real.mean(0)
    assert frechet(real, moved).value == pytest.approx(trace * (3 - 1) ** 2)


@pytest.mark.parametrize("count", [3, 100])
def test_equal_sets_are_at_zero_and_never_below(count):
    real = draw(count, 10)
    assert 0 <= frechet(real, real).value < 1e-12


@pytest.mark.parametrize(("count", "other", "rankable"), [(11, 11, True), (10, 50, False), (50, 10, False)])
def test_only_full_rank_may_rank(count, other, rankable):
    assert frechet(draw(count, 10), draw(other, 10)).rankable is rankable


@pytest.mark.parametrize("count", [4, 5, 6, 30])
def test_the_root_of_the_covariance(count):
    features = draw(count, 5)
    root = covariance_root(features)
    assert root.shape == (min(count, 5), 5)
    assert torch.allclose(root.T @ root, features.T.cov())


def test_small_sets_reward_lost_variety():
    """Why it must not rank small sets: the fakes with less spread look better than a perfect model's."""
    real, perfect = draw(100, 768), draw(100, 768, seed=1)
    assert frechet(real, 0.9 * perfect).value < frechet(real, perfect).value
    assert not frechet(real, perfect).rankable
