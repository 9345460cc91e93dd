"""Copies of training images: found when there, not found when there are none."""

import pytest
import torch

from ganzoo.metrics.copies import near_copies, nearest_images


def draw(count, seed, dimension=64):
    """Features on a curved 8-dimensional surface, as those of images lie."""
    surface = torch.Generator().manual_seed(0)
    into, out = torch.randn(8, 32, generator=surface), torch.randn(32, dimension, generator=surface)
    return torch.relu(torch.randn(count, 8, generator=torch.Generator().manual_seed(seed)) @ into) @ out


def noise(like, seed=9):
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed)) * like.std(0)


def test_nearest_image_and_its_distance():
    real = torch.tensor([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]])
    nearest = nearest_images(real, torch.tensor([[3.0, 3.0], [9.0, 0.0], [0.0, 0.0]]))
    assert nearest.index.tolist() == [1, 2, 0]
    assert nearest.distance.tolist() == pytest.approx([1, 1, 0])
    assert nearest.distance[2] == 0


def test_equal_images_are_at_exactly_zero_far_from_the_origin():
    real = draw(300, 1) + 1e4
    nearest = nearest_images(real, real.flip(0))
    assert (nearest.distance == 0).all()
    assert nearest.index.tolist() == list(range(299, -1, -1))


def test_new_images_are_copies_no_more_often_than_expected():
    shares = [near_copies(draw(500, seed), draw(500, 100 + seed)).share for seed in range(1, 7)]
    assert sum(shares) / 6 == pytest.approx(0.01, abs=0.008)
    shares = [near_copies(draw(500, seed), draw(500, 100 + seed), quantile=0.1).share for seed in range(1, 7)]
    assert sum(shares) / 6 == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("strength", [0.0, 0.05, 0.2])
def test_copies_are_found_even_when_blurred_by_noise(strength):
    real = draw(400, 1)
    copies = real + strength * noise(real)
    assert near_copies(real, copies).share > 0.9
    half = torch.cat([copies[:200], draw(200, 2)])
    assert near_copies(real, half).share == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("dimension", [8, 1280])
def test_less_variety_is_not_taken_for_copying(dimension):
    rng = torch.Generator().manual_seed(1)
    real, fake = (torch.randn(400, dimension, generator=rng) for _ in range(2))
    score = near_copies(real, 0.9 * fake)
    assert score.share < 0.06
    assert score.distance < score.reference


def test_training_images_that_occur_twice_change_nothing():
    real = draw(300, 1)
    doubled = torch.cat([real, real[:100]])
    copies = real + 0.05 * noise(real)
    assert near_copies(doubled, copies).share > 0.9
    assert near_copies(doubled, real).share == 1
    assert near_copies(doubled, draw(300, 2)).share < 0.06


def test_a_training_set_of_one_image_over_and_over():
    same = torch.ones(10, 3)
    assert near_copies(same, same).share == 1
    assert near_copies(same, same + 1).share == 0


def test_threshold_and_distances_by_hand():
    real = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    score = near_copies(real, torch.tensor([[0.9], [20.0]]), quantile=0.0, k=2)
    # Nearest and second nearest of the real ones: 1, 3 | 1, 2 | 2, 3 | 4, 6.
    assert score.threshold == pytest.approx(1 / 3)
    assert score.reference == pytest.approx((1 + 1 + 2 + 4) / 4)
    assert score.distance == pytest.approx((0.1 + 13) / 2)
    assert score.share == 0.5  # 0.1 / 0.9 and 13 / 17


@pytest.mark.parametrize(
    ("arguments", "count"), [({"quantile": 1.5}, 9), ({"quantile": -0.1}, 9), ({"k": 1}, 9), ({}, 5)]
)
def test_impossible_arguments(arguments, count):
    with pytest.raises(ValueError, match="give"):
        near_copies(torch.ones(count, 2), torch.ones(3, 2), **arguments)
