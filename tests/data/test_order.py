"""The order of images: a function of seed and position."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ganzoo.data.order import Order


@given(count=st.integers(1, 50), position=st.integers(0, 300), cut=st.integers(0, 40), length=st.integers(1, 80))
def test_where_the_sequence_is_cut_makes_no_difference(count: int, position: int, cut: int, length: int) -> None:
    cut = min(cut, length - 1)
    whole = Order(count, 3).indices(position, length)
    again = Order(count, 3)
    tail = again.indices(position + cut, length - cut)
    head = again.indices(position, cut) if cut else np.empty(0, dtype=np.int64)
    assert np.array_equal(whole, np.concatenate([head, tail]))


def test_an_epoch_shows_every_image_once_and_the_next_one_in_another_order() -> None:
    order = Order(100, seed=0)
    first, second = order.indices(0, 100), order.indices(100, 100)
    assert sorted(first) == sorted(second) == list(range(100))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, Order(100, seed=1).indices(0, 100))


def test_fewer_images_than_a_batch() -> None:
    assert sorted(Order(3, 0).indices(0, 9).tolist()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
