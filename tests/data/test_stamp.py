"""Two sets of files that agree in names, sizes and modification times are still two sets."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.folder import FolderSource
from ganzoo.data.inputs import DataSources
from ganzoo.runs.view import View

LONG_AGO = 1_000_000_000


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))


def bitmap(file: Path, shade: int) -> None:
    """Written at once, and always with the same time."""
    file.parent.mkdir(exist_ok=True)
    Image.new("RGB", (16, 16), (shade, shade, shade)).save(file)
    os.utime(file, ns=(LONG_AGO, LONG_AGO))


def shades(folder: Path) -> list[int]:
    source = FolderSource(FolderOptions(path=str(folder)))
    return [int(image.max()) for image in prepare(source, Size(8, 8)).pixels]


def test_two_folders_alike_from_outside_are_read_both(tmp_path: Path) -> None:
    for number in range(4):
        bitmap(tmp_path / "one" / f"{number}.bmp", number)
        bitmap(tmp_path / "other" / f"{number}.bmp", 100 + number)
    assert shades(tmp_path / "one") == [0, 1, 2, 3]
    assert shades(tmp_path / "other") == [100, 101, 102, 103]


def test_a_translator_gets_both_of_two_folders_alike(tmp_path: Path, tiny: Callable[..., Configuration]) -> None:
    for number in range(8):
        bitmap(tmp_path / "data" / f"{number}.bmp", number)
        bitmap(tmp_path / "style" / f"{number}.bmp", 100 + number)
    paintings, photos = DataSources(tiny("pix2pix", data=tmp_path / "data", style=tmp_path / "style")).read(View())
    assert photos is not None and int(photos.pixels.max()) == 7 and int(paintings.pixels.min()) == 100


def test_a_file_that_is_rewritten_with_its_old_size_and_time_is_read_again(tmp_path: Path) -> None:
    bitmap(tmp_path / "photos/a.bmp", 10)
    assert shades(tmp_path / "photos") == [10]
    bitmap(tmp_path / "photos/a.bmp", 200)
    assert shades(tmp_path / "photos") == [200]


@pytest.mark.parametrize("keep_times", [True, False])
def test_a_folder_that_was_moved_or_copied_shares_its_entry(keep_times: bool, tmp_path: Path) -> None:
    for number in range(4):
        bitmap(tmp_path / "photos" / f"{number}.bmp", number)
    first = prepare(FolderSource(FolderOptions(path=str(tmp_path / "photos"))), Size(8, 8))
    shutil.copytree(tmp_path / "photos", tmp_path / "copy", copy_function=shutil.copy2 if keep_times else shutil.copy)
    (tmp_path / "photos").rename(tmp_path / "moved")
    for place in ("copy", "moved"):
        again = prepare(FolderSource(FolderOptions(path=str(tmp_path / place))), Size(8, 8))
        assert again.fingerprint == first.fingerprint and np.array_equal(again.pixels, first.pixels)
    assert len(list((tmp_path / "cache").glob("*/pixels.u8"))) == 1


def test_a_folder_that_was_moved_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bitmap(tmp_path / "photos/a.bmp", 10)
    assert shades(tmp_path / "photos") == [10]
    (tmp_path / "photos").rename(tmp_path / "moved")
    monkeypatch.setattr(FolderSource, "read", lambda *_: pytest.fail("read again"))
    assert shades(tmp_path / "moved") == [10]


def test_what_runs_record_depends_on_names_and_content_only(tmp_path: Path) -> None:
    """So the images of a run of any earlier version are found equal."""
    for number in range(3):
        bitmap(tmp_path / "photos" / f"{number}.bmp", 40 * number)
    source = FolderSource(FolderOptions(path=str(tmp_path / "photos")))
    parts = (
        f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0usable\0"
        for file in sorted((tmp_path / "photos").iterdir())
    )
    expected = hashlib.sha256("".join(parts).encode()).hexdigest()[:32]
    assert prepare(source, Size(8, 8)).fingerprint == f"content:{expected}"
