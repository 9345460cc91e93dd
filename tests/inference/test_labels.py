"""Styles by name, for models that draw from noise."""

import numpy as np
import pytest
import torch

from ganzoo import UsageError
from ganzoo.data.order import balanced
from ganzoo.inference.labels import between, check_names, one_hot, with_values

ATTRIBUTES = {"style": ("photo", "monet"), "time": ("day", "night", "photo")}


def test_names_set_their_attribute_and_leave_the_others():
    labels = torch.tensor([[0, 0], [0, 1]])
    assert with_values(labels, "monet", ATTRIBUTES).tolist() == [[1, 0], [1, 1]]
    assert with_values(labels, "monet+night", ATTRIBUTES).tolist() == [[1, 1], [1, 1]]
    assert with_values(labels, "time=photo", ATTRIBUTES).tolist() == [[0, 2], [0, 2]]
    assert labels.tolist() == [[0, 0], [0, 1]]
    assert with_values(labels, "oil+ink", {"style": ("oil", "oil+ink"), "time": ("day", "night")})[:, 0].tolist() == [
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("turner", "has learnt style: photo, monet; time: day, night, photo"),
        ("style=day", "has learnt"),
        ("photo", "write style=photo or time=photo"),
        ("", "has learnt"),
        ("day+night", "names two values of one attribute"),
    ],
)
def test_other_names_are_refused_with_those_that_exist(style, message):
    with pytest.raises(UsageError, match=message):
        with_values(torch.zeros(1, 2, dtype=torch.long), style, ATTRIBUTES)


def test_mixtures_pass_through_each_label_and_close():
    labels = torch.tensor([[0, 0], [1, 1]])
    way = between(labels, 8, ATTRIBUTES)
    assert torch.equal(way[[0, 4]], one_hot(labels, ATTRIBUTES))
    assert torch.allclose(way[2], torch.tensor([0.5, 0.5, 0.5, 0.5, 0.0]))
    assert torch.allclose(way.sum(1), torch.full((8,), 2.0))
    jumps = (torch.cat([way, way[:1]]).diff(dim=0)).abs().amax(1)
    assert jumps.max() < 0.4
    assert between(labels, 0, ATTRIBUTES).shape == (0, 5)


def test_models_without_labels_say_so():
    check_names((), {}, conditional=False)
    check_names(("monet",), ATTRIBUTES, conditional=True)
    for attributes, conditional in (({}, True), (ATTRIBUTES, False)):
        with pytest.raises(UsageError, match="learnt no styles"):
            check_names(("monet",), attributes, conditional=conditional)


def test_balanced_repeats_the_rare_until_all_come_equally_often():
    labels = np.array([[0], [0], [0], [0], [0], [1], [1], [2]])
    numbers = balanced(np.arange(1, 8), labels)  # number 0 is held out
    assert np.bincount(labels[numbers, 0]).tolist() == [4, 4, 4]
    assert sorted(set(numbers.tolist())) == [1, 2, 3, 4, 5, 6, 7]
    assert balanced(np.arange(3), np.zeros((3, 0), dtype=np.int64)).tolist() == [0, 1, 2]
