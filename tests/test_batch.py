"""Batches: noise from their own generator, forward passes shared as long as nothing has changed."""

import torch
from torch import nn

from ganzoo.batch import Batch, example_labels


def batch(seed: int = 0) -> Batch:
    return Batch(torch.zeros(4, 3, 8, 8), torch.Generator().manual_seed(seed))


def test_noise_depends_on_the_generator_alone() -> None:
    torch.manual_seed(1)
    first = batch().noise(5)
    torch.manual_seed(2)
    assert torch.equal(first, batch().noise(5)) and first.shape == (4, 5)
    assert not torch.equal(first, batch(1).noise(5))
    assert batch().uniform(1, 1, 1).shape == (4, 1, 1, 1)


def test_a_shared_pass_is_computed_once_until_its_network_is_trained() -> None:
    network, other, calls = nn.Linear(2, 2), nn.Linear(2, 2), []
    shared = batch()

    def compute() -> torch.Tensor:
        calls.append(1)
        return network(torch.ones(1, 2))

    first = shared.shared("x", network, compute)
    shared.forget(other)
    assert shared.shared("x", network, compute) is first and len(calls) == 1
    shared.forget(network)
    shared.shared("x", network, compute)
    assert len(calls) == 2


def test_a_network_frozen_by_the_engine_keeps_its_graph_only_for_a_later_step() -> None:
    network = nn.Linear(2, 2).requires_grad_(False)
    for keep in (False, True):
        shared = batch()
        shared.keep_graph, shared.frozen = keep, frozenset(network.parameters())
        assert shared.shared("x", network, lambda: network(torch.ones(1, 2))).requires_grad is keep
        assert not any(parameter.requires_grad for parameter in network.parameters())


def test_what_a_recipe_has_frozen_does_not_stop_the_gradients_of_the_rest() -> None:
    network = nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 2))
    for keep in (False, True):
        shared = batch()
        shared.keep_graph = keep
        assert shared.shared("x", network, lambda: network(torch.ones(1, 2))).requires_grad
        assert not any(parameter.requires_grad for parameter in network[0].parameters())


def test_a_network_in_training_keeps_its_graph() -> None:
    network = nn.Linear(2, 2)
    assert batch().shared("x", network, lambda: network(torch.ones(1, 2))).requires_grad


def test_example_labels_go_through_all_combinations() -> None:
    attributes = {"season": ("a", "b", "c", "d"), "time": ("x", "y")}
    labels = example_labels(16, attributes)
    assert labels is not None and labels.dtype == torch.int64 and labels.shape == (16, 2)
    assert len({tuple(row) for row in labels[:8].tolist()}) == 8 and torch.equal(labels[:8], labels[8:])
    later = example_labels(4, attributes, start=3)
    assert later is not None and torch.equal(later, labels[3:7])
    assert example_labels(3, {}) is None


def test_records_hang_on_no_graph() -> None:
    recorded = batch()
    recorded.record("x", torch.ones((), requires_grad=True) * 2)
    assert not recorded.recorded["x"].requires_grad
