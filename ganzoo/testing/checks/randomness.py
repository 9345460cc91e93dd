"""Checks that a run depends on its seed alone, and changes nothing outside of it."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import torch

from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Subject, losses, names, tensors


def no_network(subject: Subject) -> None:
    """Building the model opens no network connection."""
    asked: list[str] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(str(arguments[-1] if len(arguments) < 2 else arguments[1]))
        raise OSError("no network while a model is built")

    with (
        mock.patch.object(socket.socket, "connect", refuse),
        mock.patch.object(socket, "getaddrinfo", refuse),
    ):
        try:
            subject.build()
        except Exception:
            if not asked:
                raise
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
