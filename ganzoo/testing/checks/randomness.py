"""Checks that a run depends on its seed alone, and changes nothing outside of it."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Subject, losses, names, tensors

_SHIFT = 12_345


def no_network(subject: Subject) -> None:
    """Building the model opens no network connection."""
    asked: list[str] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(str(arguments[1] if isinstance(arguments[0], socket.socket) else arguments[0]))
        raise OSError("no network while a model is built")

    with (
        mock.patch.object(socket.socket, "connect", refuse),
        mock.patch.object(socket, "getaddrinfo", refuse),
        suppress(Exception),  # `builds` reports what else is wrong
    ):
        subject.build()
    if asked:
        fail(f"building the model opens a connection to {asked[0]}: name weights in `weights` of the declaration")


def builds(subject: Subject) -> None:
    """The model can be built with its tiny settings."""
    subject.build()


def construction_repeatable(subject: Subject) -> None:
    """The same seed gives the same fresh weights, whatever state the global generators are in."""
    states = []
    for seed in (1, 2):
        with _global_seed(seed):
            states.append(tensors(subject.build()))
    differing = [name for name, value in states[0].items() if not torch.equal(value, states[1][name])]
    if differing:
        fail(f"fresh weights differ at the same seed: {names(differing)}; draw them with torch's generator only")


def seed_decides(subject: Subject) -> None:
    """Another seed gives other fresh weights to everything that starts at random."""
    one, other = tensors(subject.gan(0)), tensors(subject.gan(1))
    fixed = {name for name, value in one.items() if torch.equal(value, other[name]) and _varies(value)}
    fixed &= {name for name, parameter in subject.gan().named_parameters() if parameter.requires_grad}
    if not fixed:
        return
    # Weights that are computed or read from a file don't change with any seed; those drawn after a fixed seed do.
    with _other_seeds():
        moved = tensors(subject.build(0))
    if drawn := {name for name in fixed if not torch.equal(one[name], moved[name])}:
        fail(
            f"{names(drawn)} starts the same with every seed of the run: something seeds a generator with a number of"
            " its own (manual_seed) while the model is built"
        )


def randomness_from_batch(subject: Subject) -> None:
    """Losses and images draw their random numbers from the batch alone."""
    results = []
    for seed in (1, 2):
        gan = subject.gan()
        with _global_seed(seed):
            before = _global_states()
            values = {
                f"{step.name}.{name}": value.detach().clone()
                for step, terms in losses(gan, subject.batch)
                for name, value in terms.items()
            }
            values["images"] = gan(subject.batch()).detach()
            after = _global_states()
        if before != after:
            fail("a global random generator was used: use batch.noise(), batch.uniform() or batch.rng")
        results.append(values)
    if differing := [name for name, value in results[0].items() if not torch.equal(value, results[1][name])]:
        fail(f"{names(differing)} depend on a global random generator: use batch.noise(), batch.uniform() or batch.rng")


def batch_unchanged(subject: Subject) -> None:
    """Neither a loss nor drawing changes the images, sources or labels of the batch."""
    gan = subject.gan()
    untouched = subject.batch()
    batches = []

    def batch() -> object:
        batches.append(subject.batch())
        return batches[-1]

    for step, _ in losses(gan, batch):  # type: ignore[arg-type]  # gives batches, and keeps them
        for part in ("target", "source", "label"):
            before, after = getattr(untouched, part), getattr(batches[-1], part)
            if before is not None and (after is None or not torch.equal(before, after)):
                fail(f"step '{step.name}' changes batch.{part}, which later steps see as well: work on a copy")
    used = subject.batch()
    gan(used)
    if any(
        not torch.equal(getattr(untouched, part), getattr(used, part))
        for part in ("target", "source", "label")
        if getattr(untouched, part) is not None
    ):
        fail("drawing changes the images of the batch: work on a copy")


def _varies(value: Tensor) -> bool:
    return value.numel() > 1 and bool((value != value.flatten()[0]).any())


@contextmanager
def _other_seeds() -> Iterator[None]:
    """Inside, every generator that is seeded with a number receives another one."""

    class Shifted(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(_shifted(seed))

    functions: list[tuple[Any, str]] = [(torch, "manual_seed"), (torch.random, "manual_seed"), (random, "seed")]
    functions += [(np.random, "seed"), (np.random, "default_rng")]
    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(torch, "Generator", Shifted))
        for module, name in functions:
            patches.enter_context(mock.patch.object(module, name, _seeding(getattr(module, name))))
        yield


def _seeding(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with another seed."""

    def seeding(seed: object = None, *arguments: object, **named: object) -> Any:
        return function(_shifted(seed), *arguments, **named)

    return seeding


def _shifted(seed: Any) -> Any:
    """Another number; what is no number is no fixed seed either."""
    return seed + _SHIFT if isinstance(seed, int) else seed


def _global_states() -> tuple[object, ...]:
    return torch.get_rng_state().numpy().tobytes(), random.getstate(), str(np.random.get_state(legacy=False))


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seeds the global generators of torch, numpy and Python inside, and restores them afterwards."""
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
