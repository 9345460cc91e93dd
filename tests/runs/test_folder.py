"""The run folder, what is in it, and what is refused before any time is spent."""

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from ganzoo_plugins.dcgan.model import NonSaturating
from PIL import Image
from safetensors.torch import load_file

from ganzoo.errors import DivergedError, UsageError
from ganzoo.model import Terms
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View

Train = Callable[..., Run]


def test_the_folder_holds_what_the_design_says(train: Train) -> None:
    run = train(budget="4steps", log_every="2steps", checkpoint_every="2steps", sample_every="2steps")
    facts = json.loads((run.folder / "run.json").read_text())
    assert facts["model"] == "dcgan/dcgan" and facts["plugin"]["distribution"] == "ganzoo-core"
    assert facts["configuration"]["batch"] == {"value": 8, "origin": "tiny"}
    assert facts["configuration"]["lr"] == {"value": 2e-4, "origin": "default"}
    assert facts["configuration"]["budget"] == {"value": "4steps", "origin": "set"}
    assert facts["data"]["images"] == 64 and facts["data"]["attributes"]["season"][0] == "spring"
    assert facts["device"] == "cpu" and facts["parameters"]["generator"] > 0
    logged = [json.loads(line) for line in (run.folder / "scalars.jsonl").read_text().splitlines()]
    assert [line["step"] for line in logged] == [2, 4] and [line["images"] for line in logged] == [16, 32]
    assert {"D(real)", "D(fake)", "discriminator.real", "generator.fake"} <= logged[0].keys()
    assert sorted(file.name for file in run.samples.iterdir()) == [f"step-{n:06d}.png" for n in (0, 2, 4)]
    assert (run.checkpoints / "LATEST").read_text() == "step-000004"
    assert {f.name for f in (run.checkpoints / "step-000004").iterdir()} == {
        "weights.safetensors", "ema.safetensors", "train.safetensors", "state.json", "MANIFEST.json"
    }  # fmt: skip


def test_grids_show_the_same_noise_throughout(train: Train) -> None:
    run = train(budget="1steps", lr=1e-12, ema_kimg=0, **{"generator.norm": "none"})
    first, second = (np.asarray(Image.open(run.samples / f"step-{n:06d}.png"), dtype=float) for n in (0, 1))
    assert first.shape == (8 * 18 + 2, 8 * 18 + 2, 3)
    assert np.abs(first - second).max() <= 1  # the weights have hardly moved, so neither have the pictures
    assert first[2:18, 2:18].std() > 0 and (first[2:18, 2:18] != first[20:36, 2:18]).any()


@pytest.mark.parametrize(("budget", "steps"), [("3steps", 3), ("0.04kimg", 5)])
def test_a_budget_ends_the_run(train: Train, budget: str, steps: int) -> None:
    run = train(budget=budget)
    assert (run.outcome, run.progress.steps) == ("done", steps)


def test_a_budget_of_time_ends_the_run(train: Train) -> None:
    run = train(budget="1s")
    assert 1 <= run.progress.seconds < 20 and run.progress.steps > 0


@pytest.mark.parametrize("size", ["16x24", "32"])
def test_rectangles(train: Train, size: str) -> None:
    run = train(budget="1steps", size=size)
    assert run.newest_sample is not None and run.newest_sample.is_file()


def test_a_bad_size_is_told_before_anything_is_read(train: Train, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nearest is 16x16"):
        train(size="17")
    assert not (tmp_path / "run").exists()


def test_a_value_that_is_not_finite_ends_the_run_and_is_never_saved(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NonSaturating, "generator", poisoned_after(5))
    with pytest.raises(DivergedError, match=r"'generator\.fake' is nan at step 6"):
        train(budget="20steps", log_every="100steps", checkpoint_every="1steps")
    newest = max((tmp_path / "run" / "checkpoints").glob("step-*"))
    assert newest.name == "step-000005"
    assert all(torch.isfinite(tensor).all() for tensor in load_file(newest / "weights.safetensors").values())


def poisoned_after(calls: int) -> Callable[..., Terms]:
    """A generator's loss that turns to NaN."""
    counter = itertools.count(1)

    def generator(self: NonSaturating, fake: torch.Tensor, real: torch.Tensor | None) -> Terms:
        return {"fake": fake.mean() * (float("nan") if next(counter) > calls else 1.0)}

    return generator


class Recorder(View):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def follow(self, run: Run) -> None:
        self.told.append("follow")

    def logged(self, run: Run, scalars: Mapping[str, float]) -> None:
        self.told.append("logged")

    def finished(self, run: Run, summary: Mapping[str, object]) -> None:
        self.told.append(str(summary["outcome"]))


def test_the_view_hears_of_everything(train: Train) -> None:
    view = Recorder()
    train(budget="2steps", log_every="1steps", view=view)
    assert view.told == ["follow", "logged", "logged", "done"]
