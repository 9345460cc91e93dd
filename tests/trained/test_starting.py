"""A run that starts from trained weights: what is taken and told, and that it resumes and is reproduced exactly."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import ganzoo
from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog
from ganzoo.engine import checkpoint
from ganzoo.engine.starting import Start, adopt
from ganzoo.layers import LabelTable
from ganzoo.model import NoAugmentation
from ganzoo.publishing import publish
from ganzoo.runs.view import View
from ganzoo.trained import find

SMALL = {"tiny": True, "device": "cpu", "threads": 1}


class Notices(View):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


def pictures(folder: Path, *labels: str) -> Path:
    for number, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for one in range(12):
            pixels = np.random.default_rng(100 * number + one).integers(0, 255, (20, 20, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{one}.png")
    return folder


def tensors(folder: Path, group: str, step: int) -> dict[str, torch.Tensor]:
    _, saved, _ = checkpoint.load(folder / "checkpoints", (group,), str(step))
    return dict(saved.tensors[group])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("source") / "run"
    return ganzoo.run("dcgan", out=place, budget="4steps", checkpoint_every="2steps", **SMALL).folder


@pytest.fixture(scope="module")
def begun(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run from the step 2 of the source, and its notices."""
    view = Notices()
    place = tmp_path_factory.mktemp("begun") / "run"
    more = {"start_from": f"{source}@2", "log_every": "1steps", "seed": 5, "checkpoint_every": "2steps"}
    return ganzoo.run("dcgan", out=place, budget="4steps", view=view, **more, **SMALL).folder, view.texts


def test_averaged_weights_start_the_generator_and_live_ones_the_rest(
    source: Path, begun: tuple[Path, list[str]]
) -> None:
    first, live = tensors(begun[0], "weights", 0), tensors(source, "weights", 2)
    averaged = tensors(source, "ema", 2)
    assert any(not torch.equal(averaged[name], live[f"generator.{name}"]) for name in averaged)
    assert all(torch.equal(first[f"generator.{name}"], value) for name, value in averaged.items())
    others = [name for name in first if not name.startswith("generator.")]
    others = [name for name in others if not name.startswith("averaged.")]  # the generator's second name
    assert others and all(torch.equal(first[name], live[name]) for name in others)
    assert all(torch.equal(tensors(begun[0], "ema", 0)[name], value) for name, value in averaged.items())
    assert "train" in {path.stem for path in (begun[0] / "checkpoints" / "step-000000").iterdir()}
    state = json.loads((begun[0] / "checkpoints" / "step-000000" / "state.json").read_text())
    assert state["step"] == 0 and not [name for name in tensors(begun[0], "train", 0) if "exp_avg" in name]


def test_source_and_hash_are_recorded_and_told(source: Path, begun: tuple[Path, list[str]]) -> None:
    content = json.loads((begun[0] / "run.json").read_text())
    count = len([name for name in tensors(source, "weights", 2) if not name.startswith("averaged.")])
    assert content["configuration"]["start_from"]["value"] == f"{source}@2"
    start = content["start"]
    assert (start["source"], start["taken"], start["of"], start["left"]) == (f"{source}@2", count, count, {})
    assert len(start["weights"]) == 64
    assert f"starts from '{source}@2': {count} of {count} tensors taken" in begun[1]


def test_other_networks_take_what_fits_and_say_what_does_not(source: Path, tmp_path: Path) -> None:
    view = Notices()
    options = {"discriminator.width": 4, "discriminator.norm": "layer"}
    folder = ganzoo.run(
        "dcgan", out=tmp_path / "run", budget="1steps", view=view, start_from=source, options=options, **SMALL
    ).folder
    start = json.loads((folder / "run.json").read_text())["start"]
    assert 0 < start["taken"] < start["of"] and start["left"] and start["unused"]
    assert all(name.startswith("discriminator.") for name in start["left"])
    (told,) = [text for text in view.texts if text.startswith("starts from")]
    assert f"{start['taken']} of {start['of']} tensors taken" in told and "another shape" in told


def test_nothing_that_fits_is_an_error(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    command = ["run", "lptn", "--tiny", "--device", "cpu", "--from", str(source), "--out", str(out)]
    assert run_command(command) == 2
    err = capsys.readouterr().err
    assert "none of its" in err and "LPTN" in err and not out.exists()


@pytest.mark.parametrize("text", ["nothing", "nothing@BEST"])
def test_a_source_that_is_not_there(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "dcgan", "--tiny", "--from", text]) == 2
    assert "'nothing' is not a run folder" in capsys.readouterr().err


def test_a_plain_file_fills_the_generator(source: Path, tmp_path: Path) -> None:
    averaged = tensors(source, "ema", 4)
    save_file({name: value.contiguous() for name, value in averaged.items()}, tmp_path / "plain.safetensors")
    folder = ganzoo.run(
        "dcgan", out=tmp_path / "run", budget="1steps", start_from=tmp_path / "plain.safetensors", **SMALL
    ).folder
    first = tensors(folder, "weights", 0)
    assert all(torch.equal(first[f"generator.{name}"], value) for name, value in averaged.items())
    start = json.loads((folder / "run.json").read_text())["start"]
    assert start["taken"] == len(averaged) and start["source"] == str(tmp_path / "plain.safetensors")


def test_a_published_file_fills_the_generator(source: Path, tmp_path: Path) -> None:
    file = publish(find(source), tmp_path / "shapes.safetensors", open_catalog()).file
    folder = ganzoo.run(
        "dcgan", out=tmp_path / "run", budget="2steps", log_every="1steps", start_from=file, **SMALL
    ).folder
    first = tensors(folder, "weights", 0)
    for name, value in tensors(source, "ema", 4).items():
        torch.testing.assert_close(first[f"generator.{name}"], value, atol=1e-3, rtol=1e-3)
    again = publish(find(folder), tmp_path / "again.safetensors", open_catalog())
    assert again.entry["took"] == "2 steps in 0 minutes on cpu, from shapes.safetensors"


def labelled(attributes: dict[str, tuple[str, ...]], rows: list[float], before: int = 0) -> torch.nn.Module:
    table = LabelTable(attributes, 1)
    table.table.data = torch.tensor(rows)[:, None]
    return table


class Recipe(torch.nn.Module):
    """As much of a recipe as taking weights over needs."""

    def __init__(self, attributes: dict[str, tuple[str, ...]], rows: list[float]) -> None:
        super().__init__()
        self.generator = torch.nn.ModuleDict({"labels": labelled(attributes, rows)})
        self.averaged = self.generator


@pytest.mark.parametrize(
    ("theirs", "ours", "wanted"),
    [
        ({"folder": ("monet", "photo")}, {"folder": ("photo", "monet")}, [2.0, 1.0]),
        ({"folder": ("monet", "photo")}, {"folder": ("night", "photo")}, [1.5, 2.0]),
        ({"folder": ("monet", "photo")}, {"folder": ("a", "monet", "photo")}, [1.5, 1.0, 2.0]),
        ({"time": ("day", "night"), "season": ("ice",)}, {"folder": ("ice", "night", "new")}, [3.0, 2.0, 4.5]),
        ({"time": ("day", "night")}, {"time": ("night",), "season": ("ice", "heat")}, [2.0, 0.0, 0.0]),
    ],
)
def test_labels_are_matched_by_name(
    theirs: dict[str, tuple[str, ...]], ours: dict[str, tuple[str, ...]], wanted: list[float]
) -> None:
    """New ones start from the mean: of their attribute, or of what attributes that are gone add up to."""
    count = sum(map(len, theirs.values()))
    rows = [float(number + 1) for number in range(count)]
    weights = {"labels.table": torch.tensor(rows)[:, None]}
    gan = Recipe(ours, [9.0] * sum(map(len, ours.values())))
    taken = adopt(gan, Start(source="x", averaged=weights, attributes=theirs), ours)  # type: ignore[arg-type]
    assert gan.generator["labels"].table[:, 0].tolist() == wanted
    assert taken.taken == 1


def test_labels_of_a_plain_file_are_not_guessed() -> None:
    gan = Recipe({"folder": ("a", "b")}, [9.0, 9.0])
    gan.generator["other"] = torch.nn.Linear(1, 1)
    start = Start(source="x", live={"labels.table": torch.ones(2, 1), "other.bias": torch.ones(1)})
    taken = adopt(gan, start, {"folder": ("a", "b")})  # type: ignore[arg-type]
    assert gan.generator["labels"].table[:, 0].tolist() == [9.0, 9.0] and "labels" in str(taken)
    assert gan.generator["other"].bias.item() == 1


def test_a_painter_keeps_the_styles_that_it_knows(tmp_path: Path) -> None:
    old, new = pictures(tmp_path / "old", "monet", "ukiyo"), pictures(tmp_path / "new", "ink", "monet")
    first = ganzoo.run("adain", out=tmp_path / "first", budget="2steps", style=str(old), **SMALL).folder
    view = Notices()
    second = ganzoo.run(
        "adain", out=tmp_path / "second", budget="1steps", style=str(new), start_from=first, view=view, **SMALL
    ).folder
    before, after = tensors(first, "ema", 2), tensors(second, "ema", 0)
    assert torch.equal(after["codes"][2], before["codes"][1]) and after["seen"][2] == before["seen"][1] > 0
    assert torch.equal(after["codes"][1], before["codes"][0]) and after["seen"][1] == 0
    assert torch.equal(after["codes"][0], before["codes"][0])
    assert any("new labels start from the mean: ink" in text for text in view.texts)


def test_it_resumes_without_the_source_and_is_reproduced_only_with_it(
    begun: tuple[Path, list[str]], source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ganzoo.reproduce(begun[0]).identical
    away = source.with_name("moved")
    source.rename(away)
    try:
        assert run_command(["reproduce", str(begun[0])]) == 2
        err = capsys.readouterr().err
        assert f"started from '{source}@2', which can't be read any more" in err and "--from says" in err
        assert run_command(["reproduce", str(begun[0]), "--from", f"{away}@4"]) == 2
        assert "there are other weights now" in capsys.readouterr().err
        assert run_command(["reproduce", str(begun[0]), "--from", f"{away}@2"]) == 0
        ganzoo.resume(begun[0], budget="6steps")
    finally:
        away.rename(source)
    content = json.loads((begun[0] / "run.json").read_text())
    assert content["start"]["source"] == f"{source}@2"
    whole = ganzoo.run(
        "dcgan",
        out=begun[0].with_name("whole"),
        budget="6steps",
        start_from=f"{source}@2",
        log_every="1steps",
        seed=5,
        **SMALL,
    ).folder
    for group in ("weights", "ema", "train"):
        ours, theirs = (tensors(folder, group, 6) for folder in (begun[0], whole))
        assert all(torch.equal(ours[name], theirs[name]) for name in {*ours, *theirs})


def test_a_killed_run_resumes_exactly(source: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "killed", tmp_path / "whole"
    line = ["run", "dcgan", "--tiny", "--device", "cpu", "--threads", "1", "--from", str(source)]
    every = ["--checkpoint-every", "1steps", "--set", "batch=8"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ganzoo", *line, *every, "--budget", "100000steps", "--out", str(out), "--keep", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        while not (out / "checkpoints" / "step-000003").is_dir():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    step = max(checkpoint.steps_in(out / "checkpoints")) + 2
    assert run_command(["run", "--resume", str(out), "--budget", f"{step}steps"]) == 0
    assert run_command([*line, *every, "--budget", f"{step}steps", "--out", str(whole)]) == 0
    for group in ("weights", "ema", "train"):
        ours, theirs = (tensors(folder, group, step) for folder in (out, whole))
        assert all(torch.equal(ours[name], theirs[name]) for name in {*ours, *theirs})


def test_a_job_that_is_restarted_resumes_and_refuses_another_source(
    begun: tuple[Path, list[str]], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["run", "dcgan", "--tiny", "--device", "cpu", "--threads", "1", "--budget", "2steps"]
    job = [*line, "--continue", "--out", str(tmp_path / "job")]
    assert run_command([*job, "--from", str(source)]) == 0
    assert run_command([*job, "--from", str(source)]) == 0
    assert run_command([*job, "--from", f"{source}@2"]) == 2
    assert "started from other weights" in capsys.readouterr().err
    assert run_command(job) == 2


def test_a_comparison_says_from_what(begun: tuple[Path, list[str]]) -> None:
    from ganzoo.comparing.rows import _start

    content = json.loads((begun[0] / "run.json").read_text())
    assert _start(content) == "run@2" and _start({}) == ""


def test_averages_fill_what_draws_and_what_adapts_stays_fresh() -> None:
    gan = Recipe({}, [])
    gan.generator["line"] = torch.nn.Linear(1, 1)
    gan.add_module("critic", torch.nn.Linear(1, 1))
    gan.add_module("augment", NoAugmentation(ganzoo.Options(), shape=ganzoo.ImageShape(height=8, width=8)))
    gan.augment.register_buffer("strength", torch.zeros(1))
    live = {name: torch.full_like(value, 2) for name, value in gan.state_dict().items()}
    averaged = {name: torch.full_like(value, 3) for name, value in gan.averaged.state_dict().items()}
    taken = adopt(gan, Start(source="x", live=live, averaged=averaged, attributes={}), {})  # type: ignore[arg-type]
    assert gan.generator["line"].weight.item() == 3 and gan.critic.weight.item() == 2
    assert gan.augment.strength.item() == 0
    assert (taken.of, taken.left, taken.unused) == (taken.taken, {}, 1)


def changed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Plants a bug."""
    if what == "rows by place":
        monkeypatch.setattr("ganzoo.engine.starting._tables", lambda *_: {})
    else:
        monkeypatch.setattr("ganzoo.engine.starting._offered", lambda gan, start, own: dict(start.live))


@pytest.mark.parametrize("what", ["rows by place", "live weights for the generator"])
def test_a_planted_bug_is_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(monkeypatch, what)
    with pytest.raises(AssertionError):
        if what == "rows by place":
            test_labels_are_matched_by_name({"folder": ("monet", "photo")}, {"folder": ("photo", "monet")}, [2.0, 1.0])
        else:
            test_averages_fill_what_draws_and_what_adapts_stays_fresh()
