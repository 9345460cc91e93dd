"""Pictures are found again at other sizes, whatever could not be read before them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.chosen import ChosenPictures, own_side
from ganzoo.data.folder import FolderSource
from ganzoo.data.source import ImageSource, Picture, PictureStream
from ganzoo.errors import DataError

SMALL = Size(8, 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures of 40 x 30 whose colour is ten times their number, of which 0, 4 and 5 are damaged."""
    for number in range(10):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (40, 30), (10 * number, 0, 0)).save(file)
        if number in (0, 4, 5):
            file.write_bytes(b"no picture")
    return tmp_path


def shades(chosen: ChosenPictures, size: Size) -> list[int]:
    found = list(chosen.read(size))
    assert all(pixels.shape == (size.height, size.width, 3) for pixels in found)
    return [int(pixels[0, 0, 0]) for pixels in found]


def chosen(source: PictureStream, numbers: list[int], shape: Size = SMALL) -> ChosenPictures:
    images = prepare(source, SMALL)
    return ChosenPictures(source=source, images=images, numbers=np.array(numbers), shape=shape, side=30)


def test_numbers_are_those_of_usable_pictures(folder: Path) -> None:
    assert shades(chosen(FolderSource(FolderOptions(path=str(folder))), [0, 3, 6]), Size(16, 24)) == [10, 60, 90]


def test_a_source_that_counts_otherwise_is_read_from_the_start(folder: Path) -> None:
    class Stream(PictureStream):
        attributes = MappingProxyType[str, tuple[str, ...]]({})

        def fingerprint(self) -> str:
            return "stream"

        def count(self) -> int | None:
            return None

        def pictures(self, size: Size) -> Iterator[Picture]:
            return FolderSource(FolderOptions(path=str(folder))).pictures(size)

    assert shades(chosen(Stream(), [1, 6]), Size(16, 16)) == [20, 90]


def test_few_are_read_at_a_time() -> None:
    asked: list[int] = []

    class Drawn(ImageSource):
        attributes = MappingProxyType[str, tuple[str, ...]]({})

        def fingerprint(self) -> str:
            return "drawn"

        def __len__(self) -> int:
            return 100

        def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
            asked.append(len(indices))
            for number in indices:
                yield Picture(pixels=np.full((size.height, size.width, 3), number, np.uint8))

    pictures = chosen(Drawn(), list(range(0, 100, 2)))
    asked.clear()
    assert shades(pictures, SMALL) == list(range(0, 100, 2)) and max(asked) <= 16


def test_a_picture_that_is_gone_is_an_error(folder: Path) -> None:
    pictures = chosen(FolderSource(FolderOptions(path=str(folder))), [0, 3])
    (folder / "6.png").write_bytes(b"")
    with pytest.raises(DataError, match="have changed"):
        list(pictures.read(SMALL))


def test_sizes_keep_the_shape_and_sides_are_those_of_that_shape(folder: Path) -> None:
    source = FolderSource(FolderOptions(path=str(folder)))
    assert chosen(source, [0], Size(10, 20)).size(64) == Size(64, 128)
    assert own_side(source, Size(8, 8), 5) == 30
    assert own_side(source, Size(8, 16), 5) == 20  # 40 x 20 is what a picture of 40 x 30 has of that shape
