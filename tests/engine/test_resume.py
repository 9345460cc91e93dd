"""Ten steps are five, a kill, a resume and five: tensor for tensor, and line for line."""

import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ganzoo import api
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DataError, StorageError, UsageError
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from tests.tiny_runs import MODELS

TIMES = ("seconds", "images_per_second")


def tensors(folder: Path, step: int) -> dict[str, torch.Tensor]:
    path = folder / "checkpoints" / checkpoint.name_of(step)
    return {f"{f.stem}/{k}": v for f in path.glob("*.safetensors") for k, v in load_file(f).items()}


def assert_same(one: Path, other: Path, step: int) -> None:
    first, second = tensors(one, step), tensors(other, step)
    assert first.keys() == second.keys() and len(first) > 10
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def lines(folder: Path) -> list[dict[str, float]]:
    logged = [json.loads(line) for line in (folder / "scalars.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in TIMES} for line in logged]


def kill_after(folder: Path, step: int, *arguments: str) -> None:
    """Runs the command and kills it, without mercy, once that step's checkpoint is there."""
    process = subprocess.Popen([sys.executable, "-m", "ganzoo", "run", *arguments], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    latest = folder / "checkpoints" / "LATEST"
    while not latest.is_file() or int(latest.read_text().removeprefix("step-")) < step:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("model", [MODELS[0], *(pytest.param(model, marks=pytest.mark.slow) for model in MODELS[1:])])
def test_ten_steps_equal_five_kill_resume_five(train: Callable[..., Run], tmp_path: Path, model: str) -> None:
    whole = train(model, "whole", budget="10steps", log_every="1steps")
    parted = tmp_path / "parted"
    settings = ["--tiny", "--device", "cpu", "--out", str(parted), "--checkpoint-every=5steps", "--log-every=1steps"]
    # The budget is far away, so that the process is alive and past step 5 when it is killed.
    kill_after(parted, 5, model, *settings, "--budget", "100000steps", "--keep", "10000")
    checkpoint.set_aside_after(parted / "checkpoints", 5)
    api.resume(parted, budget="10steps", keep=3)
    assert_same(whole.folder, parted, 10)
    assert lines(whole.folder) == lines(parted)
    last = "samples/step-000010.png"
    assert (whole.folder / last).read_bytes() == (parted / last).read_bytes()


def test_a_finished_run_goes_on_with_a_larger_budget(train: Callable[..., Run]) -> None:
    whole = train(name="whole", budget="8steps")
    parted = train(name="parted", budget="4steps")
    again = api.resume(parted.folder, budget="8steps")
    assert again.outcome == "done" and again.progress.steps == 8
    assert_same(whole.folder, parted.folder, 8)


def test_the_seed_changes_everything_and_nothing_else_does(train: Callable[..., Run]) -> None:
    one, same, other = (train(name=n, budget="3steps", seed=s) for n, s in (("a", 1), ("b", 1), ("c", 2)))
    assert_same(one.folder, same.folder, 3)
    first, second = tensors(one.folder, 3), tensors(other.folder, 3)
    assert not torch.equal(first["train/rng"], second["train/rng"])
    assert not torch.equal(first["weights/generator.layers.0.weight"], second["weights/generator.layers.0.weight"])


def test_what_belongs_to_the_run_can_not_change(train: Callable[..., Run]) -> None:
    run = train(budget="2steps")
    with pytest.raises(UsageError, match="Did you mean 'lr'"):
        api.resume(run.folder, lrr=1)
    with pytest.raises(UsageError, match="size can't change"):
        api.resume(run.folder, size=32)


def test_other_images_are_refused(train: Callable[..., Run]) -> None:
    run = train(budget="2steps")
    path = run.folder / "run.json"
    path.write_text(path.read_text().replace('"fingerprint": "scenes:', '"fingerprint": "scenes:0'))
    with pytest.raises(DataError, match="images have changed"):
        api.resume(run.folder, budget="4steps")


def test_a_damaged_newest_checkpoint_is_passed_over(train: Callable[..., Run]) -> None:
    whole = train(name="whole", budget="6steps")
    run = train(name="damaged", budget="4steps", checkpoint_every="2steps")
    victim = run.checkpoints / "step-000004" / "weights.safetensors"
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    again = api.resume(run.folder, budget="6steps")
    assert again.progress.steps == 6
    assert_same(whole.folder, run.folder, 6)


def test_resume_from_step_0_is_exact_and_keeps_the_only_checkpoint(train: Callable[..., Run]) -> None:
    whole = train(name="whole", budget="2steps", lr=0.05, ema_kimg=0.1)
    parted = train(name="parted", budget="1steps", lr=0.05, ema_kimg=0.1)
    checkpoint.set_aside_after(parted.checkpoints, 0)
    before = (parted.checkpoints / "step-000000" / "MANIFEST.json").stat().st_mtime_ns
    api.resume(parted.folder, budget="2steps")
    assert_same(whole.folder, parted.folder, 2)
    assert (parted.checkpoints / "step-000000" / "MANIFEST.json").stat().st_mtime_ns == before


def test_no_good_checkpoint_is_exit_6(train: Callable[..., Run]) -> None:
    run = train(budget="2steps")
    for file in run.checkpoints.glob("*/state.json"):
        file.write_text("")
    with pytest.raises(StorageError, match="manifest"):
        api.resume(run.folder, budget="4steps")


class StopsAt(View):
    """Asks the run to stop after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, run: Run) -> None:
        if run.progress.steps == self.step:
            signal.raise_signal(signal.SIGTERM)


LAZY = {
    "stylegan2-lite": {"lazy": 4, "path_every": 4},
    "dcgan": {"regularise": "r1", "r1.every": 4},
    "wgan": {"warmup_every": 4},
}


@pytest.mark.parametrize("model", LAZY)
def test_what_is_not_computed_in_every_round_is_logged_alike_after_a_resume(
    train: Callable[..., Run], model: str
) -> None:
    """The resume comes between two rounds that compute it; reproducing compares the same lines."""
    options = {**LAZY[model], "budget": "7steps", "log_every": "1steps", "threads": 1}
    whole = train(model, "whole", **options)
    parted = train(model, "parted", StopsAt(2), **options)
    assert parted.outcome == "terminated"
    api.resume(parted.folder)
    assert [json.dumps(line) for line in lines(parted.folder)] == [json.dumps(line) for line in lines(whole.folder)]
    assert api.reproduce(parted.folder).identical


def test_a_rollback_returns_to_the_values_of_its_checkpoint(trainer: Callable[..., Trainer]) -> None:
    one = trainer(regularise="r1", **{"r1.every": 2})
    one.round(0.0)
    one.round(0.0)
    saved, values = snapshot.take(one, 0.0), one.scalars()
    one.round(0.0)
    assert one.scalars() != values
    snapshot.restore(one, saved)
    assert one.scalars() == values and "discriminator.r1" in values


def test_a_value_that_no_file_can_hold_is_left_out(trainer: Callable[..., Trainer]) -> None:
    one = trainer()
    one.round(0.0)
    known = snapshot.take(one, 0.0, {"a": math.nan, "b": math.inf, "c": 1.5}).state["scalars"]
    assert known == {"c": 1.5}


def test_a_checkpoint_without_logged_values_is_read(trainer: Callable[..., Trainer]) -> None:
    """As older versions wrote them."""
    one = trainer()
    one.round(0.0)
    saved = snapshot.take(one, 2.0)
    old = {key: value for key, value in saved.state.items() if key not in ("scalars", "score_due")}
    assert snapshot.restore(one, Checkpoint(tensors=saved.tensors, state=old)) == 2.0
    assert one.scalars() == {} and one.score_due is False
