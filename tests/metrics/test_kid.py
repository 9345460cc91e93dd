"""Kernel distance: by hand, without bias, its interval, its subsets."""

import itertools

import pytest
import torch

from ganzoo.metrics.kid import bootstrap_weights, interval, kernel, kid, weighted_mmd
from tests.metrics.gaussians import Gaussian, true_kid

REAL = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
FAKE = torch.tensor([[2.0, 1.0], [0.0, -1.0]])


def k(x, y):
    return (float(x.double() @ y.double()) / 2 + 1) ** 3


def test_by_hand():
    within_real = sum(k(x, y) for x, y in itertools.permutations(REAL, 2)) / 6
    within_fake = sum(k(x, y) for x, y in itertools.permutations(FAKE, 2)) / 2
    across = sum(k(x, y) for x in REAL for y in FAKE) / 6
    score = kid(REAL, FAKE, resamples=0)
    assert score.value == pytest.approx(within_real + within_fake - 2 * across)
    assert (score.name, score.low, score.high, score.lower_is_better) == ("kid", None, None, True)


def test_the_mean_over_every_possible_resample_of_distinct_images_is_the_score():
    """Weights that pick two of three images are three leave-one-out scores, whose mean is the U-statistic."""
    weights = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]).double()
    real, fake = REAL.double(), FAKE.double()
    kernels = kernel(real, real).fill_diagonal_(0), kernel(fake, fake).fill_diagonal_(0), kernel(real, fake)
    resampled = weighted_mmd(*kernels, weights, torch.ones(3, 2).double())
    assert float(resampled.mean()) == pytest.approx(kid(REAL, FAKE, resamples=0).value)


def test_duplicates_in_a_resample_make_no_pair():
    weights = torch.tensor([[2.0, 1.0, 0.0], [3.0, 0.0, 0.0]]).double()
    fake = torch.zeros(2, 2).double()
    real = REAL.double()
    kernels = kernel(real, real).fill_diagonal_(0), kernel(fake, fake).fill_diagonal_(0), kernel(real, fake)
    resampled = weighted_mmd(*kernels, weights, torch.ones(2, 2).double())
    assert float(resampled[0]) == pytest.approx(k(REAL[0], REAL[1]) + 1 - 2)
    assert resampled[1].isnan()


def test_weights_are_multinomial():
    weights = bootstrap_weights(50, 4000, torch.Generator().manual_seed(0))
    assert (weights.sum(1) == 50).all()
    assert float(weights.var()) == pytest.approx(1 - 1 / 50, rel=0.02)
    assert float(weights.mean(0).std()) < 0.03


def test_it_is_unbiased_and_its_interval_covers_the_truth():
    """Coverage of 95 % intervals over 200 draws; at least nominal where sets hardly differ, near it where they do."""
    real = Gaussian(16)
    for fake, at_least in [(real, 0.95), (Gaussian(16, 0.0, 0.9), 0.95), (Gaussian(16, 0.5), 0.88)]:
        rng, truth = torch.Generator().manual_seed(5), true_kid(real, fake)
        scores = [kid(real.draw(60, rng), fake.draw(40, rng), resamples=200, seed=seed) for seed in range(200)]
        values = torch.tensor([score.value for score in scores])
        assert abs(float(values.mean()) - truth) < 3 * float(values.std()) / 200**0.5
        covered = sum(score.low <= truth <= score.high for score in scores) / 200
        assert covered >= at_least
        widths = torch.tensor([score.high - score.low for score in scores])
        assert float(widths.mean()) < 1.8 * 3.92 * float(values.std())


def test_the_true_distance_of_the_coverage_test():
    rng = torch.Generator().manual_seed(1)
    real, fake = Gaussian(4), Gaussian(4, 0.4, 1.3)
    score = kid(real.draw(3000, rng), fake.draw(3000, rng), limit=3000, resamples=200)
    assert score.low < true_kid(real, fake) < score.high
    assert score.value == pytest.approx(true_kid(real, fake), rel=0.1)


def test_a_seed_decides_subset_and_interval():
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.randn(80, 3, generator=rng), torch.randn(70, 3, generator=rng)
    assert kid(real, fake, limit=50, seed=1) == kid(real, fake, limit=50, seed=1)
    assert kid(real, fake, limit=50, seed=1).value != kid(real, fake, limit=50, seed=2).value
    assert kid(real, fake, seed=1).value == kid(real, fake, seed=2).value
    assert kid(real, fake, seed=1).low != kid(real, fake, seed=2).low


def test_a_subset_of_one_set_leaves_the_other_whole():
    real, fake = torch.ones(3, 2), torch.ones(100, 2)
    fake[:, 1] = torch.arange(100)
    values = {kid(real, fake, limit=3, resamples=0, seed=seed).value for seed in range(5)}
    assert len(values) == 5


def test_the_interval_leaves_out_a_fortieth_at_each_end_and_what_is_undefined():
    resampled = torch.cat([torch.arange(1001.0), torch.full((50,), torch.nan)]).double()
    assert interval(resampled) == pytest.approx((25, 975))
    assert interval(resampled[1001:]) == (None, None)


def test_two_images_have_an_interval_from_the_resamples_that_hold_both():
    score = kid(FAKE, FAKE + 1, resamples=50)
    assert score.low == score.high == pytest.approx(score.value)


@pytest.mark.parametrize("arguments", [{"limit": 1}, {"resamples": -1}])
def test_impossible_arguments(arguments):
    with pytest.raises(ValueError, match="give at least 2 and 0"):
        kid(REAL, FAKE, **arguments)
