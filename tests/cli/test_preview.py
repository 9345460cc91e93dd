"""`ganzoo data preview`: one picture of what an augmentation does, and one line for each mistake."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.cli import run_command
from ganzoo.inference.preview import ROWS, VARIANTS

MISTAKES = {
    "unknown augmentation": ("scenes --augment scen", 2, "no augmentation 'scen'. Did you mean 'scene'?"),
    "unknown option": ("scenes --augment scene --set fogg=1", 2, "of augmentation 'scene'. Did you mean 'fog'?"),
    "unknown option of the data": ("scenes --augment none --set data.cuont=1", 2, "Did you mean 'count'?"),
    "value out of bounds": ("scenes --augment scene --set fog=2", 2, "fog='2': "),
    "bad size": ("scenes --augment none --size big", 2, "--size 'big': write one side"),
    "bad ending": ("scenes --augment none --out picture.txt", 2, "--out 'picture.txt': the ending"),
    "missing folder": ("nowhere --augment none", 3, "no folder 'nowhere'"),
    "nothing to read": ("broken --augment none", 3, "photo.png"),
    "nothing to show": ("scenes", 2, "--augment NAME, --crop, or both"),
    "pictures without a size": ("scenes --crop", 2, "of pictures of 64 pixels, or of unknown size"),
    "a load size without crops": ("scenes --augment none --load-size 96", 2, "give --crop as well"),
    "a bad load size": ("scenes --crop --load-size 7", 2, "--load-size '7': write auto or a number of pixels"),
    "nowhere to write": ("scenes --augment none --set data.count=1 --out no/such.png", 6, "can't write"),
}


def tiles(path: Path, height: int, width: int) -> np.ndarray:
    """Rows x columns x H W 3; tiles are set two pixels apart."""
    sheet = np.asarray(Image.open(path).convert("RGB"))
    rows, columns = (sheet.shape[0] - 2) // (height + 2), (sheet.shape[1] - 2) // (width + 2)
    assert sheet.shape == (rows * (height + 2) + 2, columns * (width + 2) + 2, 3)
    grid = sheet[2:, 2:].reshape(rows, height + 2, columns, width + 2, 3)
    return grid[:, :height, :, :width].swapaxes(1, 2)


def preview(*arguments: object) -> int:
    return run_command(["data", "preview", *map(str, arguments)])


def test_a_row_is_an_image_and_its_variants(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    options = ("--set", "data.count=9", "--size", "16x24", "--out", file)
    assert preview("scenes", "--augment", "diffaug", "--set", "color=0", *options) == 0
    shown = tiles(file, 16, 24)
    assert shown.shape[:2] == (ROWS, 1 + VARIANTS)
    for row in shown:
        assert len({tile.tobytes() for tile in row}) == len(row)
    assert preview("scenes", "--augment", "none", *options) == 0
    plain = tiles(file, 16, 24)
    assert np.array_equal(plain[:, 0], shown[:, 0])
    assert all(np.array_equal(tile, row[0]) for row in plain for tile in row)


def test_the_seed_says_which_changes_are_shown(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(3)]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        assert preview("scenes", "--augment", "scene", "--set", "data.count=3", "--seed", seed, "--out", file) == 0
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other


def test_a_folder_of_photos_is_shown_and_what_cannot_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (40, 30), (80 * number, 90, 90)).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    assert preview(folder, "--augment", "scene", "--size", "16") == 0
    assert tiles(tmp_path / "preview-scene.png", 16, 16).shape[:2] == (3, 1 + VARIANTS)


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "photo.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    arguments, code, message = MISTAKES[case]
    assert preview(*arguments.split()) == code
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1 and not captured.out
