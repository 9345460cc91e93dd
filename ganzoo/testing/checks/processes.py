"""The check that several processes train what one would."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn

from ganzoo.engine.processes import Processes
from ganzoo.testing.checks.losses import has_batch_statistics
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import Subject

_COUNT = 2
_SECONDS = 30
_CLOSE = 1e-3
_PROGRESS = 0.5
"""In the middle, where no warm-up leaves out a part of the loss."""


@dataclass(frozen=True)
class _Noted(Processes):
    """Keeps the gradients that the engine applies."""

    gradients: list[Tensor] = field(default_factory=list)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        parameters = list(parameters)
        super().average_gradients(parameters)
        flat = [p.grad.flatten() if p.grad is not None else torch.zeros(p.numel()) for p in parameters]
        self.gradients.append(torch.cat(flat).clone())


def processes_agree(subject: Subject) -> None:
    """Two workers with 4 images each, joined by gloo, get the gradients of one with 8."""
    if has_batch_statistics(subject.gan()):
        skip("a batch norm looks at the batch of one process; on GPUs the engine joins it")
    if subject.field == "augment":
        skip("each process changes its own images at random")
    if not distributed.is_available():
        skip("this torch is built without torch.distributed")
    alone = _Noted()
    subject.trainer(processes=alone).round(_PROGRESS)
    together = _together(subject)
    for number, (expected, found) in enumerate(zip(alone.gradients, together, strict=True)):
        distance, length = float((expected - found).norm()), float(expected.norm())
        if distance > _CLOSE * length + 1e-7:
            fail(
                f"gradient {number + 1} of the round (length {length:.3g}) differs by {distance:.3g} when {_COUNT}"
                " workers share the batch: take means over images (statistics of the batch by batch.mean()) and"
                " random numbers from batch.noise() or batch.uniform(), which draw the local slice"
            )


def _together(subject: Subject) -> list[Tensor]:
    """The averaged gradients of the first worker; threads stand for processes, they communicate through gloo."""
    store = distributed.HashStore()  # type: ignore[attr-defined]  # not in the stubs

    def join(rank: int) -> Any:
        return distributed.ProcessGroupGloo(store, rank, _COUNT, timedelta(seconds=_SECONDS))

    with ThreadPoolExecutor(_COUNT) as pool:
        groups = list(pool.map(join, range(_COUNT)))
        workers = [_Noted(rank, _COUNT, group) for rank, group in enumerate(groups)]
        # Built one after the other: fresh weights come from torch's global generator.
        trainers = [subject.trainer(processes=worker) for worker in workers]
        list(pool.map(lambda trainer: trainer.round(_PROGRESS), trainers))
    return workers[0].gradients
