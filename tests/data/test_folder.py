"""An ordinary folder of photos as a data set."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.folder import FolderSource
from ganzoo.errors import DataError


def photo(
    path: Path, size: tuple[int, int] = (40, 30), colour: tuple[int, ...] = (200, 100, 50), **save: object
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **save)  # type: ignore[arg-type]
    return path


def source(path: Path) -> FolderSource:
    return FolderSource(FolderOptions(path=str(path)))


def test_pictures_are_covered_and_cropped_to_the_size(tmp_path: Path) -> None:
    for name, size in (("wide.png", (200, 30)), ("tall.jpg", (30, 200)), ("small.webp", (12, 9))):
        photo(tmp_path / name, size)
    read = list(source(tmp_path).read(range(3), Size(16, 24)))
    assert [picture.name for picture in read] == ["small.webp", "tall.jpg", "wide.png"]
    for picture in read:
        assert picture.pixels is not None and picture.pixels.shape == (16, 24, 3)
        assert np.abs(picture.pixels.astype(int) - (200, 100, 50)).max() < 6


def test_nested_folders_become_labels(tmp_path: Path) -> None:
    for name in ("sea/a.png", "sea/b.png", "wood/deep/c.png"):
        photo(tmp_path / name)
    found = source(tmp_path)
    assert found.attributes == {"folder": ("sea", "wood/deep")}
    assert [picture.labels for picture in found.read(range(3), Size(8, 8))] == [(0,), (0,), (1,)]
    (tmp_path / "flat").mkdir()
    photo(tmp_path / "flat" / "x.png")
    assert source(tmp_path / "flat").attributes == {}


def test_hidden_folders_and_runs_are_no_photos(tmp_path: Path) -> None:
    for name in ("a.png", ".thumbnails/a.png", "runs/dcgan-1/samples/step-000000.png"):
        photo(tmp_path / name)
    (tmp_path / "runs" / "dcgan-1" / "run.json").write_text("{}")
    found = source(tmp_path)
    assert found.files == ["a.png"] and found.attributes == {}


def test_a_broken_file_is_skipped_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"text")
    half = photo(tmp_path / "half.jpg", (300, 300))
    half.write_bytes(half.read_bytes()[:400])
    photo(tmp_path / "notes.png")
    (tmp_path / "readme.txt").write_text("not an image")
    read = list(source(tmp_path).read(range(3), Size(8, 8)))
    assert [picture.pixels is None for picture in read] == [True, True, False]
    assert "not an image" in read[0].problem and read[1].problem


def test_photos_stand_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 20, 20))  # left half white
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise: left becomes top
    image.save(tmp_path / "turned.png", exif=exif)
    (picture,) = source(tmp_path).read([0], Size(20, 10))
    assert picture.pixels is not None
    assert picture.pixels[:8].mean() > 250 and picture.pixels[-8:].mean() < 5


def test_a_folder_without_images_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images"):
        source(tmp_path)


def test_a_bomb_is_refused_from_its_header(tmp_path: Path) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    (picture,) = source(tmp_path).read([0], Size(8, 8))
    assert picture.pixels is None and "9000 x 9000 pixels, at most 64,000,000" in picture.problem


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    photo(tmp_path / "a.png")
    before = source(tmp_path).fingerprint()
    assert before == source(tmp_path).fingerprint()
    photo(tmp_path / "b.png")
    assert before != source(tmp_path).fingerprint()
