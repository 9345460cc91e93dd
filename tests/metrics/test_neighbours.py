"""Precision, recall, density, coverage: against a definition written out, ties, blocks, bounds."""

import pytest
import torch

from ganzoo.metrics.neighbours import neighbours


def by_definition(real, fake, k):
    """From squared distances of integers, which are exact."""
    across = (real[:, None] - fake).square().sum(2)
    within_real, within_fake = ((x[:, None] - x).square().sum(2) for x in (real, fake))
    # The first of the sorted distances is that of an image to itself.
    real_radii, fake_radii = within_real.sort(1).values[:, k], within_fake.sort(1).values[:, k]
    in_real = across <= real_radii[:, None]
    return {
        "precision": in_real.any(0).double().mean(),
        "recall": (across <= fake_radii).any(1).double().mean(),
        "density": in_real.double().sum(0).mean() / k,
        "coverage": in_real.any(1).double().mean(),
    }


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("count", "other"), [(40, 60), (1100, 700)])
def test_by_definition_with_many_ties(k, count, other):
    rng = torch.Generator().manual_seed(k)
    size = 4 if count < 100 else 20
    real = torch.randint(0, size, (count, 3), generator=rng)
    fake = torch.randint(1, size + 2, (other, 3), generator=rng)
    score = neighbours(real.double(), fake.double(), k=k)
    expected = {name: pytest.approx(float(value), rel=1e-12) for name, value in by_definition(real, fake, k).items()}
    assert vars(score) == expected


def test_the_fifth_neighbour_is_the_default():
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.randn(50, 4, generator=rng), torch.randn(60, 4, generator=rng)
    assert neighbours(real, fake) == neighbours(real, fake, k=5) != neighbours(real, fake, k=4)


def test_unlike_sets_score_nothing_and_copies_everything():
    real = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    nothing = neighbours(real, real + 100)
    assert set(vars(nothing).values()) == {0}
    copies = neighbours(real, real)
    assert (copies.precision, copies.recall, copies.coverage) == (1, 1, 1)


def test_nothing_but_copies_of_one_image_scores_one():
    """The tie rule: with < in place of ≤ all would be 0."""
    same = neighbours(torch.ones(20, 3), torch.ones(30, 3))
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert same.density == pytest.approx(20 / 5)


def test_an_outlier_among_real_images_is_covered_by_nobody():
    real = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    real[0] += 1000
    score = neighbours(real, torch.randn(60, 4, generator=torch.Generator().manual_seed(1)))
    assert score.recall <= 59 / 60


@pytest.mark.parametrize(("count", "k"), [(5, 5), (1, 1), (9, 0)])
def test_too_few_images_or_no_neighbours(count, k):
    with pytest.raises(ValueError, match="at least"):
        neighbours(torch.ones(count, 2), torch.ones(20, 2), k=k)
