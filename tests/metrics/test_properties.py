"""What must not change a score: the order of images, blocks of computation, turns and shifts of the feature space."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ganzoo.metrics.copies import near_copies
from ganzoo.metrics.distances import kth_nearest_squared, nearest, nearest_other, squared_distances
from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.kid import kid
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.spread import spread

quick = settings(max_examples=40, deadline=None, derandomize=True)
Sets = tuple[Tensor, Tensor, torch.Generator]


def orthogonal(dimension: int, rng: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(dimension, dimension, generator=rng, dtype=torch.float64)).Q


def shuffled(features: Tensor, rng: torch.Generator) -> Tensor:
    return features[torch.randperm(len(features), generator=rng)]


@st.composite
def sets(draw: st.DrawFn) -> Sets:
    """Two sets and a generator; half of them with integer coordinates, full of ties and equal rows."""
    rng = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    dimension, tied = draw(st.integers(1, 12)), draw(st.booleans())
    counts = draw(st.tuples(st.integers(7, 40), st.integers(7, 40)))
    if tied:
        real, fake = (torch.randint(0, 4, (count, dimension), generator=rng).double() for count in counts)
    else:
        real, fake = (torch.randn(count, dimension, generator=rng, dtype=torch.float64) for count in counts)
    return real, fake, rng


def values(real: Tensor, fake: Tensor) -> dict[str, float]:
    """All scores but the kernel distance, those that depend on distances only."""
    copies = near_copies(real, fake, k=2)
    # A share jumps when a ratio of distances is rounded to the other side of the threshold: no property of it.
    named = {"copies": copies.threshold, "distance": copies.distance, "frechet": frechet(real, fake).value}
    return named | vars(neighbours(real, fake, k=3))


def close(expected: dict[str, float]) -> object:
    return pytest.approx(expected, rel=1e-7, abs=1e-7)


@quick
@given(sets())
def test_order_of_images(drawn):
    real, fake, rng = drawn
    again = shuffled(real, rng), shuffled(fake, rng)
    assert values(*again) == close(values(real, fake))
    assert kid(*again, resamples=0).value == pytest.approx(kid(real, fake, resamples=0).value, abs=1e-9, rel=1e-9)


@quick
@given(sets(), st.floats(-50, 50))
def test_turns_and_shifts_of_the_feature_space(drawn, shift):
    real, fake, rng = drawn
    turn = orthogonal(real.shape[1], rng)
    assert values(real @ turn + shift, fake @ turn + shift) == close(values(real, fake))
    turned = kid(real @ turn, fake @ turn, resamples=20)
    straight = kid(real, fake, resamples=20)
    assert [turned.value, turned.low, turned.high] == pytest.approx(
        [straight.value, straight.low, straight.high], abs=1e-9, rel=1e-9
    )


@quick
@given(sets(), st.floats(0.01, 100))
def test_units_of_the_features(drawn, scale):
    real, fake, _ = drawn
    assert vars(neighbours(scale * real, scale * fake)) == close(vars(neighbours(real, fake)))
    assert frechet(scale * real, scale * fake).value / scale**2 == pytest.approx(frechet(real, fake).value, abs=1e-9)


@quick
@given(sets())
def test_exchanged_sets(drawn):
    real, fake, _ = drawn
    assert frechet(real, fake).value == pytest.approx(frechet(fake, real).value, abs=1e-9)
    assert kid(real, fake, resamples=0).value == pytest.approx(kid(fake, real, resamples=0).value, abs=1e-9)
    one, other = neighbours(real, fake), neighbours(fake, real)
    assert (one.precision, one.recall) == pytest.approx((other.recall, other.precision))


@quick
@given(sets(), st.integers(1, 2000), st.integers(1, 6))
def test_blocks_of_the_computation(drawn, entries, k):
    real, fake, _ = drawn
    blocks = torch.cat([squared for _, squared in squared_distances(real, fake, entries=entries)])
    assert torch.allclose(blocks, (real[:, None] - fake).square().sum(2), atol=1e-10)
    whole = kth_nearest_squared(real, k)
    assert torch.allclose(kth_nearest_squared(real, k, entries=entries), whole, atol=1e-10)


@quick
@given(sets(), st.integers(1, 6))
def test_nearest_rows_by_definition(drawn, k):
    real, fake, _ = drawn
    exact = (fake[:, None] - real).norm(dim=2)
    distances, rows = nearest(fake, real, k)
    assert torch.allclose(distances, exact.sort(1).values[:, :k], atol=1e-7)
    assert torch.allclose(exact.gather(1, rows), distances)
    others = (real[:, None] - real).norm(dim=2).fill_diagonal_(torch.inf)
    distances, rows = nearest_other(real, k)
    assert torch.allclose(distances, others.sort(1).values[:, :k], atol=1e-7)
    assert (rows != torch.arange(len(real))[:, None]).all()


@quick
@given(sets())
def test_spread_of_turned_features_in_other_units(drawn):
    real, fake, rng = drawn
    real = real + 0.01 * torch.randn(real.shape, generator=rng, dtype=torch.float64)
    turn = orthogonal(real.shape[1], rng)
    turned = spread(3 * real @ turn + 1, 3 * fake @ turn + 1)
    assert vars(turned) == pytest.approx(vars(spread(real, fake)), rel=1e-7, abs=1e-7)


def test_nearest_rows_where_the_expanded_square_has_lost_its_digits():
    """Two groups 2·10⁵ apart, in each four rows about 10⁻⁴ apart: rounding of |x|² is larger than their squares."""
    rng = torch.Generator().manual_seed(0)
    groups = torch.tensor([[-1e5], [1e5]], dtype=torch.float64).repeat_interleave(4, 0)
    for _ in range(20):
        x, y = (groups + 1e-4 * torch.randn(8, 5, generator=rng, dtype=torch.float64) for _ in range(2))
        exact = (x[:, None] - y).norm(dim=2)
        assert torch.allclose(nearest(x, y)[0][:, 0], exact.min(1).values, rtol=1e-9)


def test_a_shift_changes_the_kernel_distance():
    """As its documentation says; a mean that both sets share carries weight in (x·y / D + 1)³."""
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.randn(50, 4, generator=rng), torch.randn(50, 4, generator=rng) + 0.5
    assert kid(real + 3, fake + 3).value > 1.5 * kid(real, fake).value
