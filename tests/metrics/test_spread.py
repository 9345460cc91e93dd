"""Spread: 1 for equal variety, smaller for less of it, in either sense."""

import pytest
import torch

from ganzoo.metrics.spread import spread


def draw(count, seed):
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(seed))


def test_by_hand():
    real, fake = torch.tensor([[0.0], [2.0], [6.0]]), torch.tensor([[0.0], [1.0], [3.0]])
    score = spread(real, fake)
    assert score.pairwise == pytest.approx(0.5)
    assert score.nearest == pytest.approx(((1 + 1 + 2) / 3) / ((2 + 2 + 4) / 3))


def test_equal_variety_is_about_one_whatever_the_counts():
    score = spread(draw(500, 0), draw(60, 1))
    assert score.pairwise == pytest.approx(1, abs=0.05)
    assert score.nearest == pytest.approx(1, abs=0.05)


def test_a_tenth_less_variety():
    score = spread(draw(500, 0), 0.9 * draw(500, 1))
    assert score.pairwise == pytest.approx(0.9, abs=0.02)


def test_samples_all_alike():
    score = spread(draw(100, 0), draw(1, 1).expand(100, 16) + 0.001 * draw(100, 2))
    assert score.pairwise < 0.002
    assert score.nearest < 0.002
    assert spread(draw(100, 0), torch.full((100, 16), 0.1)).pairwise < 1e-12


def test_samples_in_a_few_groups_are_seen_by_the_nearest_only():
    groups = draw(5, 1)[torch.arange(200) % 5] + 0.01 * draw(200, 2)
    score = spread(draw(200, 0), groups)
    assert score.nearest < 0.05
    assert score.pairwise > 0.6


def test_the_limit_draws_a_subset_by_seed():
    real, fake = draw(300, 0), draw(300, 1)
    assert spread(real, fake, limit=50, seed=1) == spread(real, fake, limit=50, seed=1)
    assert spread(real, fake, limit=50, seed=1) != spread(real, fake, limit=50, seed=2)


def test_nothing_to_compare_with():
    with pytest.raises(ValueError, match="remove copies"):
        spread(torch.ones(4, 2), draw(4, 0)[:, :2])
    with pytest.raises(ValueError, match="give at least 2"):
        spread(draw(4, 0), draw(4, 1), limit=1)
