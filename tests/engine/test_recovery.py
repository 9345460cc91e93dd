"""A run that diverges goes back to its last checkpoint at half the rate, a few times; NaN is never saved."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ganzoo_plugins.dcgan.model import NonSaturating
from safetensors.torch import load_file

from ganzoo import api
from ganzoo.engine import checkpoint
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DivergedError, GanzooError
from ganzoo.model import Terms
from ganzoo.runs.folder import Run
from tests.engine.test_storage import Heard

Train = Callable[..., Run]


def poisoned(*calls: int) -> Callable[..., Terms]:
    """A generator's loss that is NaN in those of its calls, counted from 1."""
    count = 0

    def generator(self: NonSaturating, fake: torch.Tensor, real: torch.Tensor | None) -> Terms:
        nonlocal count
        count += 1
        return {"fake": fake.mean() * (float("nan") if count in calls else 1.0)}

    return generator


def test_a_run_that_diverged_once_goes_back_and_ends_well(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NonSaturating, "generator", poisoned(6))
    view = Heard()
    run = train(view=view, budget="9steps", checkpoint_every="4steps", log_every="1steps")
    assert run.outcome == "done" and json.loads((run.folder / "summary.json").read_text())["rollbacks"] == 1
    (told,) = [text for text in view.notices if "diverged" in text]
    assert "'generator.fake' is nan at step 6" in told and "step 4" in told and "1 of at most 3" in told
    assert [line["step"] for line in run.scalar_lines()] == list(range(1, 10))
    assert checkpoint.load(run.checkpoints, ())[1].state["rollbacks"] == 1
    (dump,) = (run.folder / "diverged").iterdir()
    assert load_file(dump)["target"].shape[1] == 3


def test_one_that_always_diverges_ends_with_the_name_of_the_term(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NonSaturating, "generator", poisoned(*range(6, 99)))
    view = Heard()
    with pytest.raises(DivergedError, match=r"'generator\.fake' is nan at step 6 after 2 rollbacks") as caught:
        train(view=view, budget="20steps", checkpoint_every="5steps", rollbacks=2)
    assert caught.value.exit_code == 5 and len([text for text in view.notices if "diverged" in text]) == 2
    newest = tmp_path / "run" / "checkpoints" / checkpoint.name_of(5)
    assert all(torch.isfinite(tensor).all() for tensor in load_file(newest / "weights.safetensors").values())


def test_the_bad_step_changes_nothing(trainer: Callable[..., Trainer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NonSaturating, "generator", poisoned(1))
    subject = trainer("dcgan")
    before = {name: value.clone() for name, value in subject.gan.generator.named_parameters()}
    with pytest.raises(DivergedError):
        subject.round(0.0)
    assert all(torch.equal(value, before[name]) for name, value in subject.gan.generator.named_parameters())


def test_each_return_halves_the_rate(trainer: Callable[..., Trainer]) -> None:
    subject = trainer("dcgan")
    subject.round(0.0)
    before = subject.optimisers["generator"].param_groups[0]["lr"]
    subject.rollbacks = 2
    subject.round(0.0)
    assert subject.optimisers["generator"].param_groups[0]["lr"] == before / 4


@pytest.mark.parametrize("where", ["weights", "ema", "optimiser"])
def test_values_that_are_not_finite_are_never_published(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    played = Trainer.round

    def spoilt(self: Trainer, progress: float) -> None:
        played(self, progress)
        if self.rounds == 3:
            parameter = next(self.gan.generator.parameters())
            spoil = {
                "weights": parameter,
                "ema": next(self.average.network.parameters()) if self.average else parameter,
                "optimiser": self.optimisers["generator"].state[parameter]["exp_avg"],
            }[where]
            spoil.data[(0,) * spoil.dim()] = float("inf")

    monkeypatch.setattr(Trainer, "round", spoilt)
    with pytest.raises(DivergedError, match="is not finite at step 3"):
        train(budget="3steps", rollbacks=0, ema_kimg=1.0)
    assert checkpoint.steps_in(tmp_path / "run" / "checkpoints") == [0]


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("DefaultCPUAllocator: can't")]
)
def test_too_little_memory_gives_advice_and_keeps_the_last_checkpoint(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(self: NonSaturating, *_: object) -> Terms:
        raise error

    monkeypatch.setattr(NonSaturating, "generator", full)
    with pytest.raises(GanzooError, match=r"out of memory in step 1, with a batch of 8.*--batch 4") as caught:
        train(budget="3steps")
    assert caught.value.exit_code == 1
    monkeypatch.undo()
    assert api.resume(tmp_path / "run", budget="2steps").outcome == "done"
