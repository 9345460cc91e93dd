"""Compares one process with 8 images to 2 with 4 and to 4 with 2, for every built-in model.

`python -m tests.benchmarks processes` prints the largest difference of a weight after 20 steps, next to how far the
weights have moved. It also prints the bytes that a process sends per step, and the share of the time that this takes.
Threads stand for processes. They are joined by gloo over the loopback device, so the times are those of a slow network
on a busy machine. Models train in double precision, which shows whether a difference comes from rounding. Models that
only work in single precision use that.
"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context

import torch
from torch import Tensor, distributed, nn

from ganzoo.cli.console import Format, rows_as
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.engine import batches
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer
from ganzoo.testing.checks.losses import has_batch_statistics
from ganzoo.testing.subject import Subject

STEPS = 20
EPSILON = 1e-3
COUNTS = (1, 2, 4)


@dataclass(frozen=True)
class Counted(Processes):
    """Counts the bytes that are sent and the seconds that this takes."""

    sent: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        parameters = list(parameters)
        began = time.perf_counter()
        super().average_gradients(parameters)
        self.seconds.append(time.perf_counter() - began)
        self.sent.append(4 * sum(parameter.numel() for parameter in parameters))


def workers(count: int) -> list[Counted]:
    if count == 1:
        return [Counted()]
    store = distributed.HashStore()  # type: ignore[attr-defined]  # not in the stubs

    def join(rank: int) -> Counted:
        return Counted(rank, count, distributed.ProcessGroupGloo(store, rank, count, timedelta(seconds=300)))

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(join, range(count)))


def train(subject: Subject, count: int) -> tuple[Trainer, Counted, float]:
    """Trains on `count` processes. Returns the trainer and the counts of the first one, and the seconds."""
    joined = workers(count)
    trainers = [subject.trainer(processes=one) for one in joined]
    for trainer in trainers:
        # Adam divides by the size of the gradient. A larger eps keeps it from magnifying rounding in tiny gradients.
        for group in (group for one in trainer.optimisers.values() for group in one.param_groups):
            group["eps"] = EPSILON

    def play(trainer: Trainer) -> None:
        for _ in range(STEPS):
            trainer.round(0.5)

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(play, trainers))
    return trainers[0], joined[0], time.perf_counter() - began


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in trainer.gan.named_parameters()}


def apart(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@contextmanager
def doubled() -> Iterator[None]:
    """Uses double precision for networks, noise and images."""
    single = batches.from_uint8
    torch.set_default_dtype(torch.float64)
    batches.from_uint8 = lambda pixels: single(pixels).double()
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)
        batches.from_uint8 = single


def row(name: str) -> dict[str, object]:
    """Measures in a new process, since an encoder stays in memory in the precision in which it was first used."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        try:
            return pool.submit(measured, name, "double").result()
        except RuntimeError:
            return pool.submit(measured, name, "single").result()


def measured(name: str, precision: str) -> dict[str, object]:
    torch.set_num_threads(1)
    with doubled() if precision == "double" else nullcontext():
        return compared(name, precision)


def compared(name: str, precision: str) -> dict[str, object]:
    catalog = open_catalog(third_party=False)
    model = catalog.model(name)
    configuration = configure_run(model.full_name, catalog, tiny=True, options={"device": "cpu"})
    subject = Subject(model.spec, model.plugin, configuration)
    fresh = {name: value.detach().clone() for name, value in subject.gan().named_parameters()}
    (alone, _, _), (two, counted, seconds), (four, _, _) = (train(subject, count) for count in COUNTS)
    return {
        "model": model.spec.name,
        "precision": precision,
        "batch statistics": "yes" if has_batch_statistics(subject.gan()) else "no",
        "moved": f"{apart(fresh, weights(alone)):.1e}",
        "2 x 4": f"{apart(weights(alone), weights(two)):.1e}",
        "4 x 2": f"{apart(weights(alone), weights(four)):.1e}",
        "kB a step": round(sum(counted.sent) / STEPS / 1000, 1),
        "time for it": f"{sum(counted.seconds) / seconds:.0%}",
    }


def main() -> None:
    rows = [row(model.full_name) for model in open_catalog(third_party=False).models]
    rows_as(Format.TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main()
