"""Whole runs, made again: by the command and in Python."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ganzoo_plugins.dcgan.model import NonSaturating
from PIL import Image

import ganzoo
from ganzoo import api
from ganzoo.cli import run_command
from ganzoo.config import resolve
from ganzoo.engine.launch import start
from ganzoo.errors import DivergedError
from ganzoo.reproducing import reproduction
from ganzoo.runs.folder import Run
from tests.engine.test_recovery import poisoned

Train = Callable[..., Run]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made; none may stay."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.glob("ganzoo-*")) == []  # torch makes a cache of its own there


def reproduced(capsys: pytest.CaptureFixture[str], run: Run, *arguments: object, code: int = 0) -> dict[str, object]:
    """What the command says as JSON."""
    words = ["--no-plugins", "reproduce", str(run.folder), "--format", "json", *map(str, arguments)]
    capsys.readouterr()
    assert run_command(words) == code
    (row,) = json.loads(capsys.readouterr().out)
    return row


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("model", ["dcgan", "r3gan", "fastcut"])
@pytest.mark.parametrize("budget", ["4steps", "1s"])
def test_a_run_comes_out_bit_by_bit(train: Train, capsys: pytest.CaptureFixture[str], model: str, budget: str) -> None:
    run = train(model, budget=budget, log_every="1steps", sample_every="2steps")
    row = reproduced(capsys, run)
    assert row["identical"] and row["steps"] == row["lines"] == run.progress.steps
    assert row["tensors"] > 10 and row["difference"] is None and row["changes"] == row["notes"] == []  # type: ignore[operator]


def test_the_first_steps_follow_the_budget_of_the_whole(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train("r3gan", budget="6steps", log_every="1steps")
    assert reproduced(capsys, run, "--steps", 3)["identical"]
    timeline = run.folder / "timeline.jsonl"
    timeline.rename(timeline.with_suffix(".aside"))  # as a run of old, whose budget run.json knows
    assert reproduced(capsys, run, "--steps", 3)["identical"]
    timeline.write_text('{"step": 0, "budget": "1min", "used": 0.5}\n')
    row = reproduced(capsys, run, "--steps", 3, code=1)
    assert row["difference"]["step"] == 1 and row["tensors"] == 0  # type: ignore[index]
    assert "no checkpoint of step 3" in row["notes"][0]  # type: ignore[index]


def test_a_run_that_was_resumed_with_another_budget(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train("r3gan", budget="3steps", log_every="1steps")
    api.resume(run.folder, budget="5steps")
    row = reproduced(capsys, run)
    assert row["identical"] and row["steps"] == row["lines"] == 5


def test_what_differs_is_said_with_the_versions_that_do(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(budget="4steps", log_every="2steps")
    was = json.loads((run.folder / "scalars.jsonl").read_text().splitlines()[1])["generator.fake"]
    change(run.folder / "scalars.jsonl", f'"generator.fake": {was!r}', f'"generator.fake": {was + 1e-15!r}')
    change(run.folder / "run.json", '"torch": "', '"torch": "1.')
    capsys.readouterr()
    assert run_command(["reproduce", str(run.folder)]) == 1
    said = capsys.readouterr().out
    assert f"differs: generator.fake at step 4 was {was + 1e-15!r} and is {was!r}" in said
    assert "torch  1.2." in said and "no version" not in said


def test_weights_tell_where_nothing_was_logged(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(budget="2steps")
    assert reproduced(capsys, run)["lines"] == 0
    change(run.folder / "run.json", '"seed": {\n   "value": 0', '"seed": {\n   "value": 1')
    row = reproduced(capsys, run, code=1)
    assert str(row["difference"]["where"]).startswith("weights/") and row["changes"] == []  # type: ignore[index]
    assert run_command(["reproduce", str(run.folder)]) == 1
    assert "no version and no fact of the machine that is recorded differs" in capsys.readouterr().out


def test_weights_that_cannot_be_compared_are_no_identity(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(budget="4steps", log_every="2steps")
    (file,) = (run.folder / "checkpoints" / "step-000004").glob("weights*")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    row = reproduced(capsys, run, code=6)
    assert not row["identical"] and row["difference"] is None and row["uncompared"] and row["lines"] == 2
    shutil.rmtree(run.folder / "checkpoints")
    assert run_command(["--no-plugins", "reproduce", str(run.folder)]) == 6
    said = capsys.readouterr()
    assert "identical" not in said.out and "the weights could not be compared" in said.err


def test_the_same_images_in_another_folder(train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(4):
        Image.new("RGB", (16, 16), (number, 9, 9)).save(photos / f"{number}.png")
    run = train(budget="2steps", data=str(photos))
    moved = photos.rename(tmp_path / "moved")
    assert run_command(["reproduce", str(run.folder)]) == 3
    assert reproduced(capsys, run, "--data", moved)["identical"]
    (moved / "0.png").unlink()
    assert run_command(["reproduce", str(run.folder), "--data", str(moved)]) == 3
    assert "the images have changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steps", "5"], "has 4 steps"),
        (["--steps", "1"], "nothing is recorded of the first 1 steps"),
        (["--out", "run"], "is a run already"),
        (["--device", "gpu"], "device='gpu'"),
    ],
)
def test_a_mistake_is_told_before_anything_is_trained(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    train(budget="4steps", log_every="2steps")
    assert run_command(["reproduce", "run", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err and len(err.splitlines()) == 1


def test_several_processes_make_nothing_again(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train(budget="1steps").folder
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert run_command(["reproduce", str(folder)]) == 2
    assert "without torchrun" in capsys.readouterr().err


def test_a_notebook_gets_the_same_and_may_keep_the_new_run(train: Train, tmp_path: Path) -> None:
    run = train(budget="3steps", log_every="1steps")
    result = ganzoo.reproduce(run.folder, steps=2, out=tmp_path / "again", threads=1)
    assert result.identical and (result.lines, result.steps) == (2, 2)
    assert (tmp_path / "again" / "checkpoints" / "step-000002").is_dir()
    with pytest.raises(ganzoo.UsageError, match="not a run folder"):
        ganzoo.reproduce(tmp_path / "nothing")


def test_a_stop_is_no_verdict(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(budget="2steps")

    def stopped(*arguments: object, **options: object) -> Run:
        return Run(folder=run.folder, configuration=run.configuration, outcome="interrupted")

    monkeypatch.setattr(reproduction, "start", stopped)
    assert run_command(["reproduce", str(run.folder)]) == 130
    said = capsys.readouterr()
    assert said.out == "" and "stopped before" in said.err


def test_a_run_that_diverges_now_is_another_one(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(budget="4steps", log_every="2steps")

    def diverges(configuration: object, *arguments: object, **options: object) -> Run:
        start(resolve.recorded_configuration(_shorter(run), *arguments[:1]), *arguments, **options)  # type: ignore[arg-type]
        raise DivergedError("training diverged: 'loss' is nan at step 3")

    monkeypatch.setattr(reproduction, "start", diverges)
    result = ganzoo.reproduce(run.folder)
    assert not result.identical and result.difference is not None
    assert (result.difference.step, result.difference.now) == (4, "none")
    assert "nan at step 3" in result.notes[0]


def _shorter(run: Run) -> dict[str, dict[str, dict[str, object]]]:
    content = json.loads((run.folder / "run.json").read_text())
    content["configuration"]["budget"]["value"] = "2steps"
    return content  # type: ignore[no-any-return]


def test_a_run_that_went_back_is_made_again_as_it_went_on(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NonSaturating, "generator", poisoned(6))
    run = train(budget="8steps", checkpoint_every="4steps", log_every="1steps")
    monkeypatch.setattr(NonSaturating, "generator", poisoned())
    result = ganzoo.reproduce(run.folder)
    assert result.difference is None and result.lines == 8 and result.tensors > 0
