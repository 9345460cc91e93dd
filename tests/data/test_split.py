"""The held-out part of a data set."""

import numpy as np
import pytest

from ganzoo.data.split import FEWEST, MOST, split


@pytest.mark.parametrize(("count", "share", "held"), [(4000, 0.1, 400), (200, 0.1, 20), (100_000, 0.1, MOST)])
def test_every_image_is_on_one_side(count: int, share: float, held: int) -> None:
    parts = split(count, share)
    assert len(parts.held_out) == held
    assert np.array_equal(np.sort(np.concatenate([parts.train, parts.held_out])), np.arange(count))
    assert np.array_equal(split(count, share).held_out, parts.held_out)


@pytest.mark.parametrize(("count", "share"), [(1, 0.1), (10 * FEWEST - 10, 0.1), (5000, 0.0)])
def test_small_sets_and_share_zero_are_trained_on_whole(count: int, share: float) -> None:
    parts = split(count, share)
    assert len(parts.held_out) == 0 and np.array_equal(parts.train, np.arange(count))


def test_the_held_out_images_come_from_everywhere() -> None:
    held = split(4000, 0.1).held_out
    assert all(50 < ((held >= start) & (held < start + 1000)).sum() < 150 for start in range(0, 4000, 1000))
