"""`ganzoo stylize`, `sample` and `export` as users call them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganzoo.cli import run_command
from ganzoo.runs.folder import Run
from ganzoo.stylize.stylizer import Stylizer
from tests.stylize.clips import difference, make_clip


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run") / "cut"
    assert run_command(["run", "cut", "--tiny", "--device", "cpu", "--out", str(folder)]) == 0
    return str(folder)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 61, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_folder_is_painted_and_what_can_not_be_is_told(
    run_folder: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photo.parent / "broken.jpg").write_bytes(b"nothing")
    out = photo.parent.parent / f"{photo.parent.name}-painted"
    assert run_command(["stylize", run_folder, str(photo.parent), "--out", str(out), "--device", "cpu"]) == 1
    said = capsys.readouterr()
    assert "2 of 2" in said.out and "61 x 40" in said.out and "broken.jpg" in said.err
    with Image.open(out / "photo.png") as painted:
        assert painted.size == (61, 40)


def test_options_reach_the_brush(run_folder: str, photo: Path, tmp_path: Path) -> None:
    Image.new("L", (61, 40), 0).save(tmp_path / "mask.png")
    given = ["--device", "cpu", "--mask", str(tmp_path / "mask.png"), "--strength", "1.5", "--keep-color"]
    assert run_command(["stylize", run_folder, str(photo), "--out", str(tmp_path / "out"), *given]) == 0
    before, after = (np.asarray(Image.open(path)).astype(int) for path in (photo, tmp_path / "out/photo.png"))
    assert np.abs(before - after).max() <= 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--tile", "huge"], "write auto, or a side"),
        (["--style", "photo.png"], "this model has one style"),
        (["--strength", "3"], "0<=x<=2"),
    ],
)
def test_mistakes_are_one_line(
    run_folder: str, photo: Path, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["stylize", run_folder, str(photo), "--out", str(photo.parent / "out"), *more]) == 2
    said = capsys.readouterr().err
    assert words in said and len(said.splitlines()) == 1


def test_a_stopped_video_starts_afresh_with_another_strength(
    run_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("av")
    monkeypatch.setattr("ganzoo.stylize.video.PIECE", 2)
    source = make_clip(tmp_path / "in.mp4", frames=5, size=(32, 32), options={"crf": "4"})
    stylize, painted = Stylizer.stylize, 0

    def stops(self: Stylizer, *given: Any, **more: Any) -> Any:
        nonlocal painted
        painted += 1
        if painted == 4:
            raise KeyboardInterrupt
        return stylize(self, *given, **more)

    monkeypatch.setattr(Stylizer, "stylize", stops)
    given = ["stylize", run_folder, str(source), "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert run_command([*given, "--strength", "2"]) == 130
    assert run_command([*given, "--strength", "0"]) == 0
    assert "starts afresh: its pieces were painted with another strength" in capsys.readouterr().err
    assert difference(source, tmp_path / "out" / "in.mp4")[1] < 3
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["in.mp4"]


def test_a_video_that_ends_early_is_painted_and_ends_with_1(
    run_folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("av")
    clip = make_clip(tmp_path / "in.mp4", frames=30, size=(32, 32), container={"movflags": "faststart"})
    clip.write_bytes(clip.read_bytes()[: round(clip.stat().st_size * 0.9)])
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    given = ["stylize", run_folder, "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert run_command([*given, str(clip)]) == 1
    said = capsys.readouterr().err
    assert "ends early, cut off or damaged" in said and "of about 30 frames" in said and len(said.splitlines()) == 1
    assert (tmp_path / "out" / "in.mp4").is_file()
    assert run_command([*given, str(tmp_path / "bad.mp4")]) == 3
    said = capsys.readouterr().err
    assert "bad.mp4' can't be read as a video" in said and len(said.splitlines()) == 1


def test_a_model_that_draws_from_noise_paints_no_photo(
    train: Callable[..., Run], photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(train("dcgan").folder)
    assert run_command(["stylize", folder, str(photo), "--out", str(photo.parent / "out")]) == 2
    assert "paints no photos" in capsys.readouterr().err


def test_sample_shows_pairs_and_the_walk_from_photo_to_painting(
    run_folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["sample", run_folder, "-n", "4", "--out", str(tmp_path / "grid.png")]) == 0
    assert "photos and paintings" in capsys.readouterr().out
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size == (4 * 18 + 2, 2 * 18 + 2)
    assert run_command(["sample", run_folder, "--walk", "4", "--out", str(tmp_path / "walk.gif")]) == 0
    with Image.open(tmp_path / "walk.gif") as walk:
        assert walk.size == (16, 16)


def test_export_says_what_it_proved(run_folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime")
    assert run_command(["export", run_folder, "--out", str(tmp_path / "model.onnx")]) == 0
    assert capsys.readouterr().out.count("largest difference to torch") == 3
    assert json.loads(Path(run_folder, "run.json").read_text())["sources"]["images"] == 64
