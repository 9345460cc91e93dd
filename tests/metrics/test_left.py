"""What is left of a distance: 100 for the photos themselves, about 0 for other paintings, and right in between."""

import pytest
import torch
from torch import Tensor

from ganzoo.metrics.kid import kid
from ganzoo.metrics.left import Remainder, kernels


def pictures(count: int, shift: float, seed: int, crops: int = 2) -> Tensor:
    """Features of pictures around `shift`: those of a picture's crops are alike."""
    rng = torch.Generator().manual_seed(seed)
    whole = torch.randn(count, 1, 6, generator=rng) + shift
    return torch.cat([whole, whole + 0.3 * torch.randn(count, crops, 6, generator=rng)], dim=1)


PAINTINGS, PHOTOS = pictures(120, 0.0, 1), pictures(40, 1.0, 2)


def test_photos_as_they_are_have_all_of_it_left() -> None:
    left = Remainder(PAINTINGS, PHOTOS).of(PHOTOS)
    assert (left.score.value, left.whole, left.crops) == pytest.approx((100, 100, 100))
    assert (left.score.low, left.score.high) == pytest.approx((100, 100))


def test_other_paintings_have_as_much_left_as_the_floor() -> None:
    remainder = Remainder(PAINTINGS, PHOTOS)
    floor = remainder.floor()
    assert floor.low is not None and floor.high is not None
    assert abs(floor.value) < 1 and floor.low < 0 < floor.high
    found = [remainder.of(pictures(40, 0.0, seed)).score.value for seed in range(10, 30)]
    assert sum(floor.low <= value <= floor.high for value in found) >= 15
    assert remainder.of(pictures(40, 0.5, 3)).score.value > 2 * floor.high


def test_each_view_is_the_ratio_of_the_published_distances() -> None:
    """Where the crops of each picture are equal to the whole, so are all values."""
    real, photos, painted = (
        pictures(30, shift, seed)[:, :1].expand(30, 4, 6) for seed, shift in enumerate((0, 1, 0.4))
    )
    left = Remainder(real, photos).of(painted)
    near, far = (kid(real[:, 0], one[:, 0], resamples=0).value for one in (painted, photos))
    assert left.whole == pytest.approx(100 * near / far) and left.distances[0] == pytest.approx(near)
    assert left.crops == pytest.approx(left.whole) and left.score.value == pytest.approx(left.whole)


def test_crops_of_one_picture_never_meet() -> None:
    """Crops that are alike within a picture are no sign of paintings that are alike."""
    remainder = Remainder(PAINTINGS, PHOTOS)
    values = [remainder.of(pictures(40, 0.0, seed)).crops for seed in range(100, 140)]
    mean, spread = torch.tensor(values).mean().item(), torch.tensor(values).std().item()
    assert abs(mean) < 3 * spread / len(values) ** 0.5 + 1


def test_the_kernel_of_two_pictures_is_the_mean_over_their_crops() -> None:
    x, y = torch.rand(3, 2, 5), torch.rand(4, 2, 5)
    expected = ((x[1, :, None] * y[2, None]).sum(-1) / 5 + 1).pow(3).mean()
    assert kernels(x, y).shape == (3, 4) and kernels(x, y)[1, 2] == pytest.approx(expected.item(), rel=1e-5)


def test_few_photos_give_a_wide_interval_that_covers_the_truth() -> None:
    everything = Remainder(PAINTINGS, pictures(400, 1.0, 4)).of(pictures(400, 0.5, 5)).score
    assert everything.low is not None
    widths, covered = [], 0
    for seed in range(20):
        one = Remainder(PAINTINGS, pictures(24, 1.0, 200 + seed)).of(pictures(24, 0.5, 300 + seed)).score
        assert one.low is not None and one.high is not None
        covered += one.low <= everything.value <= one.high
        widths.append(one.high - one.low)
    assert covered >= 16 and sum(widths) / 20 > 2 * ((everything.high or 0) - everything.low)


def test_photos_that_are_like_the_paintings_have_no_distance() -> None:
    assert Remainder(PAINTINGS, PHOTOS).clear
    assert not Remainder(PAINTINGS, pictures(40, 0.0, 6)).clear
