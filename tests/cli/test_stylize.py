"""`ganzoo stylize`, `sample` and `export` as users call them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.cli import run_command
from ganzoo.runs.folder import Run


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


def test_what_was_painted_before_is_not_painted_again(
    run_folder: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photo.parent / "@eaDir").mkdir()
    (photo.parent / "@eaDir" / "thumb.jpg").write_bytes(b"no picture")
    out = photo.parent / "painted"
    for results in ("", "the folder of the results (1)"):
        assert run_command(["stylize", run_folder, str(photo.parent), "--out", str(out), "--device", "cpu"]) == 0
        said = capsys.readouterr()
        assert "1 of 1" in said.out and results in said.err and "@eaDir (1)" in said.err
        assert [path.name for path in out.iterdir()] == ["photo.png"]


def test_pictures_that_become_png_do_not_replace_each_other(
    run_folder: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Image.open(photo) as picture:
        picture.rotate(180).save(photo.with_suffix(".jp2"), irreversible=False)
        picture.rotate(90, expand=True).save(photo.with_suffix(".ppm"))
    out = photo.parent / "out"
    given = ["stylize", run_folder, str(photo.parent), "--out", str(out), "--strength", "0", "--device", "cpu"]
    assert run_command(given) == 0
    assert "'photo.jp2.png', since another file would have the same name (1 more likewise)" in capsys.readouterr().err
    for name, source in (("photo.png", "photo.png"), ("photo.jp2.png", "photo.jp2"), ("photo.ppm.png", "photo.ppm")):
        with Image.open(out / name) as painted, Image.open(photo.with_name(source)) as original:
            assert np.array_equal(np.asarray(painted), np.asarray(original))


def test_a_name_with_a_line_break_takes_one_line(
    run_folder: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = photo.rename(photo.with_name("a\nb\x1b[2J.png"))
    given = ["stylize", run_folder, str(odd), "--out", str(photo.parent / "out"), "--device", "cpu"]
    assert run_command(given) == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "a\\nb\\x1b[2J.png, 61 x 40" in said
