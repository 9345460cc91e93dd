"""Compares one process with a full batch to two with half of it each, at the size that users train at.

Run `python -m tests.benchmarks together` on a machine with two free cores. Each process has one thread, and gloo joins
them. The time of the exchange includes the wait for the slower process.
"""

import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from ganzoo.cli.console import Format, rows_as
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.inputs import split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.trainer import Trainer
from tests.benchmarks.processes import Counted
from tests.benchmarks.training_step import fake_images

PRESETS = ("dcgan-laptop", "wgan-gp-laptop", "sngan-laptop", "projected-laptop")
WARM_UP, ROUNDS = 3, 12


def trainer(preset: str, processes: Counted) -> Trainer:
    options = {"device": "cpu", "size": "64", "threads": 1}
    configuration = configure_run(preset, open_catalog(third_party=False), options=options)
    gan = build_gan(configuration, {})
    return build_trainer(
        gan, configuration, split_images(configuration, fake_images()), torch.device("cpu"), processes=processes
    )


def train(preset: str, processes: Counted) -> dict[str, float]:
    """The median seconds of a round, those spent on the exchange, and the bytes sent."""
    one = trainer(preset, processes)
    rounds, exchanges = [], []
    for _ in range(WARM_UP + ROUNDS):
        processes.seconds.clear()
        processes.sent.clear()
        began = time.perf_counter()
        one.round(0.5)
        rounds.append(time.perf_counter() - began)
        exchanges.append(sum(processes.seconds))
    seconds = statistics.median(rounds[WARM_UP:])
    return {"seconds": seconds, "exchange": statistics.median(exchanges[WARM_UP:]), "bytes": sum(processes.sent)}


def worker(preset: str, rank: int, count: int, meeting: str, answer: Any) -> None:
    torch.set_num_threads(1)
    group = None
    if count > 1:
        distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
        group = distributed.group.WORLD
    answer.put((rank, train(preset, Counted(rank, count, group))))


def measured(preset: str, count: int) -> dict[str, float]:
    """The measurements of the first of `count` processes."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    with tempfile.TemporaryDirectory() as place:
        arguments = (count, str(Path(place) / "meeting"), answer)
        workers = [context.Process(target=worker, args=(preset, rank, *arguments)) for rank in range(count)]
        for process in workers:
            process.start()
        found = dict(answer.get() for _ in workers)
        for process in workers:
            process.join()
    return found[0]


def row(preset: str) -> dict[str, object]:
    alone, together = measured(preset, 1), measured(preset, 2)
    return {
        "preset": preset,
        "MB a step": round(together["bytes"] / 1e6, 1),
        "step alone": f"{1000 * alone['seconds']:.0f} ms",
        "step of two": f"{1000 * together['seconds']:.0f} ms",
        "faster by": f"{alone['seconds'] / together['seconds']:.2f}",
        "exchange": f"{1000 * together['exchange']:.0f} ms",
        "share": f"{together['exchange'] / together['seconds']:.0%}",
    }


def main() -> None:
    rows = [row(preset) for preset in PRESETS]
    rows_as(Format.TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main()
