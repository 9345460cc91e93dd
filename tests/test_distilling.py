"""A small painter learns from a trained translator, is a run like any other, and finds its teacher again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import ganzoo
from ganzoo.cli.app import app
from ganzoo.engine import checkpoint
from ganzoo.errors import UsageError
from ganzoo.runs.folder import Run
from tests.engine.test_resume import assert_same

SMALL = {"generator.width": 8, "generator.blocks": 1}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("teacher") / "run"
    return ganzoo.run("lptn", tiny=True, out=out, device="cpu", budget="2steps", options={"beta1": 0.5}).folder


def distilled(teacher: Path, out: Path, steps: int = 2, **settings: object) -> Run:
    settings = {"budget": f"{steps}steps", "options": SMALL, "precision": "fp32", **settings}
    return ganzoo.distil(teacher, out=out, batch=2, **settings)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_approaches_what_its_teacher_paints(teacher: Path, tmp_path: Path) -> None:
    before = files(teacher)
    run = distilled(teacher, tmp_path / "run", steps=40, log_every="1steps")
    lines = [json.loads(line) for line in (run.folder / "scalars.jsonl").read_text().splitlines()]
    first, last = lines[0]["generator.pixels"], sum(line["generator.pixels"] for line in lines[-5:]) / 5
    assert last < 0.8 * first
    assert files(teacher) == before
    recorded = json.loads((run.folder / "run.json").read_text())["configuration"]
    assert recorded["teacher"]["value"] == str(teacher.resolve())
    assert recorded["teacher_step"]["value"] == 2
    assert recorded["teacher_weights"]["value"] == ganzoo.load(teacher).fingerprint
    assert recorded["size"]["value"] == "16" and recorded["data.count"]["value"] == 64


def test_its_target_is_the_painting_of_its_teacher(teacher: Path, tmp_path: Path) -> None:
    gan = ganzoo.load(distilled(teacher, tmp_path / "run").folder).gan
    tuple(gan.steps())
    photos = torch.rand(2, 3, 16, 16) * 2 - 1
    batch = ganzoo.model.Batch(torch.zeros_like(photos), torch.Generator(), source=photos)
    torch.testing.assert_close(gan.wanted(batch), ganzoo.load(teacher).gan.translate(photos).detach().clamp(-1, 1))


@pytest.mark.parametrize("changed", [{"size": 32}, {"options": {**SMALL, "size": 32}}, {"size": 8}])
def test_a_run_of_another_size_keeps_its_images_at_a_size_of_its_own(
    teacher: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    """The teacher's `load_size` is 16, what its images were kept at."""
    settings = distilled(teacher, tmp_path / "run", **changed).configuration.settings
    assert settings.load_size == settings.size.height != 16


def test_crops_are_those_of_the_teacher_unless_they_are_given(tmp_path: Path) -> None:
    teacher = ganzoo.run(
        "lptn", tiny=True, out=tmp_path / "teacher", device="cpu", budget="1steps", options={"load_size": 24}
    ).folder
    same, whole, larger = (
        distilled(teacher, tmp_path / f"run-{number}", steps=1, **more).configuration.settings
        for number, more in enumerate(({}, {"crop": False}, {"load_size": 20}))
    )
    assert (same.crop, same.load_size) == (True, 24)
    assert (whole.crop, whole.load_size) == (False, 16)
    assert (larger.crop, larger.load_size) == (True, 20)


def test_a_size_that_the_teacher_can_not_paint_is_refused(tmp_path: Path) -> None:
    options = {"generator.bands": 3}
    run = ganzoo.run("lptn", tiny=True, out=tmp_path / "teacher", device="cpu", budget="1steps", options=options)
    with pytest.raises(UsageError, match=r"sides are multiples of 8, and not 20x20: give another --size"):
        distilled(run.folder, tmp_path / "run", size=20)


def test_a_resumed_run_equals_one_that_was_not_stopped(teacher: Path, tmp_path: Path) -> None:
    whole = distilled(teacher, tmp_path / "whole", steps=4, checkpoint_every="2steps").folder
    parted = Path(shutil.copytree(whole, tmp_path / "parted"))
    checkpoint.set_aside_after(parted / "checkpoints", 2)
    ganzoo.resume(parted)
    assert_same(whole, parted, 4)


def test_without_its_teacher_it_paints_but_does_not_train(teacher: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(teacher, tmp_path / "moved"))
    run = distilled(moved, tmp_path / "run")
    moved.rename(tmp_path / "elsewhere")
    photo = Image.fromarray(np.full((20, 30, 3), 90, np.uint8))
    assert ganzoo.load(run.folder).stylize(photo).size == photo.size
    with pytest.raises(UsageError, match=r"teacher '.*moved' can't be loaded, .* --set teacher=FOLDER"):
        ganzoo.resume(run.folder, budget="3steps")
    resumed = ganzoo.resume(run.folder, budget="3steps", teacher=str(tmp_path / "elsewhere"))
    assert resumed.progress.steps == 3


def test_another_teacher_is_refused(teacher: Path, tmp_path: Path) -> None:
    run = distilled(teacher, tmp_path / "run")
    other = ganzoo.run("lptn", tiny=True, out=tmp_path / "other", device="cpu", budget="2steps", seed=1).folder
    with pytest.raises(UsageError, match="other weights"):
        ganzoo.resume(run.folder, budget="3steps", teacher=str(other))


def test_only_translators_can_be_distilled_and_only_some_models_learn(
    teacher: Path, train: Callable[..., Run], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="draws from noise"):
        ganzoo.distil(train("dcgan", budget="1steps").folder, out=tmp_path / "out")
    with pytest.raises(UsageError, match=r"model 'cut' can't learn from a run; these can: micro"):
        ganzoo.distil(teacher, to="cut", out=tmp_path / "out")


def test_the_command_trains_a_run(teacher: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    sets = [text for key, value in SMALL.items() for text in ("--set", f"{key}={value}")]
    result = CliRunner().invoke(
        app, ["distil", str(teacher), "--budget", "1steps", "--batch", "2", *sets, "--out", str(out)]
    )
    assert not result.exception or result.exit_code == 0, result.output
    assert ganzoo.load(out).step == 1


def test_the_painter_is_small_and_starts_with_the_photo() -> None:
    from ganzoo_plugins.micro import MicroPainterOptions
    from ganzoo_plugins.micro.networks import MicroPainter

    painter = MicroPainter(MicroPainterOptions(), shape=ganzoo.ImageShape(height=16, width=16))
    assert sum(one.numel() for one in painter.parameters()) < 100_000
    photos = torch.rand(1, 3, 16, 24) * 2 - 1
    assert torch.equal(painter(photos), photos)
