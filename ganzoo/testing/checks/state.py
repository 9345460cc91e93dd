"""Checks that the weights hold all state of a model, and checkpoints all state of a run."""

import torch

from ganzoo.engine import snapshot
from ganzoo.engine.trainer import Trainer
from ganzoo.testing.checks.outputs import draw
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Subject, names

_ROUNDS = 2


def save_load(subject: Subject) -> None:
    """A model of another seed draws the same images after it has loaded the saved weights."""
    trainer = subject.trainer()
    trainer.round(0.0)
    other = subject.trainer(seed=1).gan  # with the memory layout of the engine, which decides the last bits
    try:
        other.load_state_dict(trainer.gan.state_dict())
    except RuntimeError as error:
        fail(f"saved weights don't fit a newly built model: {' '.join(str(error).split())[:200]}")
    if not torch.equal(draw(trainer.gan.eval(), subject.batch()), draw(other.eval(), subject.batch())):
        fail("a model with the saved weights draws other images: keep all state in parameters and buffers")


def resume_exact(subject: Subject) -> None:
    """A run that was stopped, saved and resumed equals an uninterrupted one: every tensor and every logged value."""
    whole = subject.trainer()
    _rounds(whole, 2 * _ROUNDS)
    stopped = subject.trainer()
    _rounds(stopped, _ROUNDS)
    saved = snapshot.take(stopped, 0.0)
    # Another seed, so that nothing but the checkpoint can carry the state over; order and rng belong to the run.
    resumed = subject.trainer(seed=1)
    resumed.batches.order, resumed.batches.source_order = stopped.batches.order, stopped.batches.source_order
    snapshot.restore(resumed, saved)
    _rounds(resumed, _ROUNDS)
    expected, found = snapshot.take(whole, 0.0).tensors, snapshot.take(resumed, 0.0).tensors
    differing = [
        f"{group}/{name}"
        for group, values in expected.items()
        for name, value in values.items()
        if name not in found[group] or not torch.equal(value, found[group][name])
    ]
    then, now = whole.scalars(), resumed.scalars()
    differing += [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if differing:
        fail(f"after resuming, {names(differing)} differ: keep all state in parameters and buffers")


def _rounds(trainer: Trainer, count: int) -> None:
    for _ in range(count):
        trainer.round(0.0)
