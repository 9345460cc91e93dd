"""`ganzoo stylize`, `sample` and `export` as users call them."""

import errno
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


def test_odd_pictures_are_one_line_each_and_the_rest_is_painted(
    run_folder: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "odd", tmp_path / "out"
    folder.mkdir()
    exif = Image.Exif()
    exif[305] = "x" * 70_000
    Image.new("RGB", (40, 40)).save(folder / "exif.jpg", "PNG", exif=exif)
    Image.new("RGB", (20_000, 2)).save(folder / "wide.webp", "PNG")
    Image.new("RGB", (40, 40)).save(folder / f"{'n' * 247}.png")
    Image.new("RGB", (40, 40)).save(folder / "big.tif", big_tiff=True)
    moving = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    moving[0].save(folder / "moving.gif", save_all=True, append_images=moving[1:], duration=1500)
    moving[0].save(folder / "moving.jpg", "WEBP", save_all=True, append_images=moving[1:])
    (folder / "taken.png").write_bytes(photo.read_bytes())
    (out / "taken.png").mkdir(parents=True)
    assert run_command(["stylize", run_folder, str(folder), "--out", str(out), "--device", "cpu"]) == 1
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 3 and "2 of 7 files could not be painted" in said.err
    assert "wide.webp': 20000 x 2 pixels are too many for WEBP, which holds 16,383" in said.err
    assert "taken.png" in said.err and "traceback" not in said.err
    assert "EXIF of 70," in said.out and "as JPEG holds 65,533" in said.out
    assert "moving.gif, 40 x 40, 2 frames" in said.out and "the first of several frames" in said.out
    files = sorted(path.name for path in out.iterdir() if path.is_file())
    assert files == ["big.tif", "exif.jpg", "moving.gif", "moving.jpg", f"{'n' * 247}.png"]
    with Image.open(out / "moving.gif") as painted:
        painted.seek(1)
        assert painted.info["duration"] == 1500


def test_an_odd_picture_alone_has_the_exit_code_of_its_error(
    run_folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (20_000, 2)).save(tmp_path / "wide.webp", "PNG")
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    (tmp_path / "out/a.png").mkdir(parents=True)
    for name, code in (("wide.webp", 3), ("a.png", 6)):
        assert run_command(["stylize", run_folder, str(tmp_path / name), "--out", str(tmp_path / "out")]) == code
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1 and name in said and "traceback" not in said


def test_a_full_disk_ends_the_job_and_any_other_error_does_not(
    run_folder: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b.png", "c.png"):
        (photo.parent / name).write_bytes(photo.read_bytes())
    real, errors = Image.Image.save, [RuntimeError("odd"), OSError(errno.ENOSPC, "No space left on device")]

    def save(self: Image.Image, *args: object, **more: object) -> None:
        if errors:
            raise errors.pop(0)
        real(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Image.Image, "save", save)
    command = ["stylize", run_folder, *map(str, sorted(photo.parent.glob("*.png"))), "--out", str(tmp_path / "out")]
    assert run_command(command) == 6
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 2 and "b.png': RuntimeError: odd" in said.err
    assert "No space left on device: 0 of 3 files are painted, the others don't fit" in said.err
    assert not list((tmp_path / "out").iterdir())


def test_options_reach_the_brush(run_folder: str, photo: Path, tmp_path: Path) -> None:
    Image.new("L", (61, 40), 0).save(tmp_path / "mask.png")
    given = ["--device", "cpu", "--mask", str(tmp_path / "mask.png"), "--strength", "1.5", "--keep-color"]
    assert run_command(["stylize", run_folder, str(photo), "--out", str(tmp_path / "out"), *given]) == 0
    before, after = (np.asarray(Image.open(path)).astype(int) for path in (photo, tmp_path / "out/photo.png"))
    assert np.abs(before - after).max() <= 1


def test_the_old_name_of_a_stroke_is_read_and_told(
    run_folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 320, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    painted = []
    for name, more in (("old", ["--work-size", "128"]), ("new", ["--stroke", "2"]), ("fine", ["--stroke", "0.5"])):
        given = ["stylize", run_folder, str(tmp_path / "photo.png"), "--out", str(tmp_path / name), "--device", "cpu"]
        assert run_command([*given, "--precision", "bf16", *more]) == 0
        said = capsys.readouterr()
        assert ("--work-size 128 is now --stroke 2" in said.err) == (name == "old") and " in bf16" in said.out
        painted.append(np.asarray(Image.open(tmp_path / name / "photo.png")))
    assert np.array_equal(painted[0], painted[1]) and not np.array_equal(painted[1], painted[2])
    given = ["stylize", run_folder, str(tmp_path / "photo.png"), "--out", str(tmp_path / "both")]
    assert run_command([*given, "--work-size", "128", "--stroke", "1"]) == 2
    assert "--work-size is the old name of --stroke: give --stroke alone" in capsys.readouterr().err
    assert run_command([*given, "--work-size", "8"]) == 2
    assert "--work-size 8 stands for --stroke 32, and the largest is 16: give --stroke" in capsys.readouterr().err


def test_how_the_values_of_a_mask_were_read_is_told_once(
    run_folder: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.full((40, 61), 2000, np.uint16)).save(tmp_path / "mask.tif")
    (tmp_path / "again.png").write_bytes(photo.read_bytes())
    given = ["stylize", run_folder, str(photo), str(tmp_path / "again.png"), "--out", str(tmp_path / "out"), "--mask"]
    assert run_command([*given, str(tmp_path / "mask.tif")]) == 0
    said = capsys.readouterr().err
    assert said.count("mask.tif': values of more than 8 bits taken as 0 to 4,095") == 1
    (tmp_path / "mask.tif").write_bytes(b"nothing")
    assert run_command([*given, str(tmp_path / "mask.tif")]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


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
    assert "bad.mp4' can't be read as a video: it is no video, or its beginning or end is missing\n" in said
    assert len(said.splitlines()) == 1
    assert run_command([*given, str(clip), str(tmp_path / "bad.mp4")]) == 1
    said = capsys.readouterr().err
    assert "1 of 2 files could not be painted\nganzoo: 1 of 2 files is painted only in part\n" in said
    Image.new("L", (32, 32)).save(tmp_path / "mask.png")
    assert run_command([*given, str(clip), "--mask", str(tmp_path / "mask.png")]) == 2
    assert "in.mp4' is a video, and --mask is for pictures" in capsys.readouterr().err


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
