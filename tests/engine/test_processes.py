"""Several processes with a share of the batch each train what one process would."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from torch import distributed

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run
from ganzoo.data.cache import Images
from ganzoo.data.training import TrainingData
from ganzoo.engine.build import build_gan
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer, TrainerSettings
from ganzoo.model import Batch

OPTIONS = {"device": "cpu", "generator.norm": "layer", "discriminator.norm": "layer"}
"""No batch statistics."""
BATCH, ROUNDS = 8, 2

WORKER = """
import sys, torch
from torch import distributed
from ganzoo.engine.processes import Processes
from tests.engine.test_processes import train

rank, count, meeting, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
torch.set_num_threads(1)
distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
weights = train(Processes(rank, count, distributed.group.WORLD))
torch.save(weights, out)
distributed.destroy_process_group()
"""


def train(processes: Processes) -> dict[str, torch.Tensor]:
    """The weights after a few rounds of a tiny model without batch statistics."""
    from ganzoo.catalog.discovery import discover
    from ganzoo.catalog.registry import Registry

    catalog = Catalog(discover(third_party=False), Registry())
    gan = build_gan(configure_run("dcgan", catalog, tiny=True, options=OPTIONS), {})
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (40, 16, 16, 3), dtype=torch.uint8, generator=rng).numpy()
    labels = torch.zeros(40, 0, dtype=torch.int64).numpy()
    images = Images(pixels=pixels, labels=labels, attributes={}, fingerprint="", skipped=())
    trainer = Trainer(
        gan, TrainingData.of(images), TrainerSettings(batch=BATCH), torch.device("cpu"), processes=processes
    )
    # Adam divides by the size of a gradient, so that rounding would show in weights whose gradient is next to nothing.
    trainer.optimisers = {step.name: torch.optim.SGD(step.trains.parameters(), 0.1) for step in trainer.steps}
    for _ in range(ROUNDS):
        trainer.round(0.0)
    assert trainer.images_seen == ROUNDS * BATCH
    return {name: value.detach().clone() for name, value in gan.state_dict().items()}


def test_two_processes_train_what_one_does(python_command: Callable[..., object], tmp_path: Path) -> None:
    root = Path(__file__).parents[2]

    def worker(rank: int) -> object:
        return python_command("-c", WORKER, rank, 2, tmp_path / "meeting", tmp_path / f"{rank}.pt", cwd=root)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(worker, range(2)))
    assert [process.returncode for process in ended] == [0, 0], ended[0].stderr
    alone = train(Processes())
    for rank in range(2):
        together = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        for name, value in alone.items():
            torch.testing.assert_close(together[name], value, rtol=1e-4, atol=1e-6)


def test_a_statistic_of_the_batch_has_the_gradient_that_one_process_gets() -> None:
    images = torch.randn(BATCH, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()

    def gradient(processes: Processes) -> torch.Tensor:
        weight = torch.nn.Parameter(torch.linspace(-1, 1, 3, dtype=torch.float64))
        share = processes.local_slice(BATCH)
        batch = Batch(images[share], torch.Generator(), all_reduce_mean=processes.all_reduce_mean)
        scores = batch.target * weight
        # Not linear in the mean, and other losses on each process.
        loss = (scores - batch.mean(scores)).abs().mean() + batch.mean(scores).square().sum()
        # A penalty on a gradient that went through the mean.
        (slope,) = torch.autograd.grad(batch.mean(scores**3).sum() * len(batch), batch.target, create_graph=True)
        (loss + slope.square().mean()).backward()
        processes.average_gradients([weight])
        return weight.grad

    store = distributed.HashStore()

    def worker(rank: int) -> torch.Tensor:
        group = distributed.ProcessGroupGloo(store, rank, 2, timedelta(seconds=30))
        return gradient(Processes(rank, 2, group))

    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(worker, range(2)):
            torch.testing.assert_close(found, gradient(Processes()))


def test_a_batch_that_can_not_be_shared_evenly_is_refused() -> None:
    assert [Processes(rank, 4).local_slice(8) for rank in range(4)] == [
        slice(0, 2),
        slice(2, 4),
        slice(4, 6),
        slice(6, 8),
    ]
    with pytest.raises(ValueError, match="a batch of 9 can't be shared by 2 processes"):
        Processes(0, 2).local_slice(9)


def test_each_process_gets_its_share_of_the_numbers_drawn_for_all() -> None:
    def batch(share: slice) -> Batch:
        return Batch(torch.zeros(2, 3, 8, 8), torch.Generator().manual_seed(0), global_size=4, local_slice=share)

    whole = Batch(torch.zeros(4, 3, 8, 8), torch.Generator().manual_seed(0))
    noise, mix = whole.noise(5), whole.uniform(1)
    for share in (slice(0, 2), slice(2, 4)):
        part = batch(share)
        assert torch.equal(part.noise(5), noise[share]) and torch.equal(part.uniform(1), mix[share])
