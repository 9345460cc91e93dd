"""Odd files that users of other projects brought to their trackers, painted with strength 0, which gives them back.

Each test names the report. An independent reader, plain Pillow or PyAV, says what the file shows.
"""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from ganzoo.cli import run_command
from tests.stylize.odd import Paint, difference, photo


def test_a_jpeg_named_heic_is_painted(paint: Paint, tmp_path: Path) -> None:
    """Phones and clouds export JPEG files named .heic (strukturag/libheif#111, #675)."""
    photo().save(tmp_path / "IMG_3564.HEIC", "JPEG", quality=95)
    assert paint(tmp_path / "IMG_3564.HEIC") == 0
    (painted,) = (tmp_path / "out").iterdir()
    with Image.open(tmp_path / "IMG_3564.HEIC") as before, Image.open(painted) as after:
        assert difference(before, after) <= 1


def test_a_git_lfs_pointer_is_told_as_what_it_is(
    paint: Paint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clones without git-lfs have pointers in place of pictures (jinnovation/rainy-image-dataset#2)."""
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "6" * 64 + "\nsize 90405214\n"
    (tmp_path / "a.jpg").write_text(text, encoding="utf-8")
    assert paint(tmp_path / "a.jpg") == 3
    said = capsys.readouterr().err
    assert "git lfs pull" in said and len(said.splitlines()) == 1


def test_the_gain_map_of_a_phone_is_told_as_not_kept(
    paint: Paint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second picture of a JPEG, such as a gain map, gets lost without a word (python-pillow/Pillow#8036)."""
    photo().save(tmp_path / "hdr.jpg", "MPO", save_all=True, append_images=[photo(24, 32)], quality=95)
    assert paint(tmp_path / "hdr.jpg") == 0
    said = capsys.readouterr()
    assert "first" in said.out + said.err
    with Image.open(tmp_path / "hdr.jpg") as before, Image.open(tmp_path / "out/hdr.jpg") as after:
        assert difference(before, after) <= 40 and after.size == before.size


@pytest.mark.parametrize("ending", ["webp", "png", "gif"])
def test_equal_frames_keep_the_length_of_an_animation(paint: Paint, tmp_path: Path, ending: str) -> None:
    """Writers merge equal frames, and lose their time (python-pillow/Pillow#8720, #5608, #8102)."""
    frames = [photo(), photo(), photo().rotate(180), photo().rotate(180), photo()]
    times = [100, 1500, 200, 300, 700]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:], duration=times, loop=0)
    assert paint(tmp_path / f"a.{ending}") == 0
    assert _length(tmp_path / f"out/a.{ending}") == _length(tmp_path / f"a.{ending}") == sum(times)


def _length(file: Path) -> float:
    """Milliseconds."""
    total = 0.0
    with Image.open(file) as image:
        for frame in ImageSequence.Iterator(image):
            frame.load()  # only then are the times of a WebP known
            total += frame.info["duration"]
    return total


@pytest.mark.parametrize(
    "name", ["2016-01-20 08:00:45.jpg", "a (1) [x].jpg", "100%d.jpg", "nul\n.jpg", "🎨.jpg", "-n.jpg"]
)
def test_odd_names_are_kept(paint: Paint, tmp_path: Path, name: str) -> None:
    """Such names break scripts (PaddlePaddle/models#4769, titu1994/Neural-Style-Transfer#47)."""
    folder = tmp_path / "trip [2019]"
    folder.mkdir()
    photo().save(folder / name, quality=95)
    assert paint(folder) == 0
    with Image.open(folder / name) as before, Image.open(tmp_path / "out" / name) as after:
        assert difference(before, after) <= 40


def test_a_pattern_finds_files_in_a_folder_with_brackets(paint: Paint, tmp_path: Path) -> None:
    folder = tmp_path / "trip [2019]"
    folder.mkdir()
    photo().save(folder / "a.png")
    assert paint(folder / "*.png") == 0
    assert (tmp_path / "out/a.png").is_file()


def test_a_palette_with_many_transparencies_keeps_them(paint: Paint, tmp_path: Path) -> None:
    """Palettes with a transparency for each colour (OlafenwaMoses/ImageAI#200)."""
    image = photo().quantize(32)
    image.info["transparency"] = bytes(range(0, 256, 8))
    image.save(tmp_path / "a.png", transparency=bytes(range(0, 256, 8)))
    assert paint(tmp_path / "a.png") == 0
    with Image.open(tmp_path / "a.png") as before, Image.open(tmp_path / "out/a.png") as after:
        alpha = [np.asarray(one.convert("RGBA").getchannel("A"), int) for one in (before, after)]
        assert np.array_equal(*alpha)


def test_pairs_match_whatever_the_system_made_of_an_accent(tmp_path: Path) -> None:
    """macOS takes letters and accents apart (pleonard212/pix-plot#41)."""
    for side, form in (("photos", "NFC"), ("paintings", "NFD")):
        (tmp_path / side).mkdir()
        for name in ("Agnès", "Zoë"):
            photo().save(tmp_path / side / (unicodedata.normalize(form, name) + ".png"))
    given = ["--data", str(tmp_path / "photos"), "--style", str(tmp_path / "paintings")]
    out = str(tmp_path / "run")
    assert run_command(["run", "pix2pix", "--tiny", "--budget", "1steps", "--device", "cpu", *given, "--out", out]) == 0


def test_the_folder_with_the_data_is_no_place_for_the_run(tmp_path: Path) -> None:
    """A run that is written into its own data is read as data (smy20011/dreambooth-gui#70)."""
    for number in range(4):
        photo().save(tmp_path / f"{number}.png")
    given = ["--tiny", "--budget", "1steps", "--device", "cpu", "--data", str(tmp_path)]
    assert run_command(["run", "dcgan", *given, "--out", str(tmp_path / "run")]) == 0
    assert run_command(["run", "dcgan", *given, "--out", str(tmp_path / "again")]) == 0
    first, second = (json.loads((tmp_path / run / "run.json").read_text())["data"] for run in ("run", "again"))
    assert first == second
