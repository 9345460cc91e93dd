"""What every metric of feature matrices refuses, and what it accepts."""

import math

import pytest
import torch

from ganzoo.metrics.copies import near_copies, nearest_images
from ganzoo.metrics.features import as_features, subset
from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.kid import kid
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.spread import spread

METRICS = [kid, frechet, neighbours, near_copies, nearest_images, spread]
GOOD = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.ones(36), "one row an image"),
        (torch.ones(12, 3, 1), "one row an image"),
        (torch.ones(0, 3), "give at least"),
        (torch.ones(12, 0), "give at least"),
        (torch.ones(12, 4), "one encoder"),
        (torch.ones(12, 3, dtype=torch.int64), "floating-point"),
        (torch.full((12, 3), math.nan), "NaN or infinity"),
        (torch.full((12, 3), math.inf), "NaN or infinity"),
    ],
)
def test_it_refuses(metric, bad, message):
    with pytest.raises(ValueError, match=message):
        metric(GOOD, bad)
    with pytest.raises(ValueError, match=message):
        metric(bad, GOOD)


@pytest.mark.parametrize("metric", [kid, frechet, spread])
def test_one_image_has_no_distribution(metric):
    with pytest.raises(ValueError, match=r"fake features are 1 x 3; give at least 2 x 1"):
        metric(GOOD, GOOD[:1])


@pytest.mark.parametrize("metric", [kid, frechet, neighbours, near_copies, spread])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_any_float_type_is_computed_in_float64(metric, dtype):
    low, other = GOOD.to(dtype), (GOOD.flip(1) * 1.1).to(dtype)
    assert metric(low, other) == metric(low.double(), other.double())


def test_no_gradient_and_no_change_of_what_is_given():
    given = GOOD.clone().requires_grad_()
    assert not as_features(given, "real").requires_grad
    for metric in METRICS:
        metric(given.detach(), GOOD)
    assert torch.equal(given, GOOD)


def test_a_subset_keeps_order_and_is_drawn_evenly():
    rows = torch.arange(10.0)[:, None]
    rng = torch.Generator().manual_seed(0)
    drawn = [subset(rows, 4, rng)[:, 0] for _ in range(2000)]
    assert all((one.diff() > 0).all() for one in drawn)
    counts = torch.cat(drawn).long().bincount(minlength=10)
    assert counts.min() > 700
    assert counts.max() < 900
    assert subset(rows, 10, rng) is rows
