"""The cache at training size: read once, then mapped."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from ganzoo.data.cache import prepare
from ganzoo.data.source import ImageSource, Picture
from ganzoo.errors import DataError, StorageError
from ganzoo.units import Size


class Numbered(ImageSource):
    """Picture n is of colour n; some can't be read."""

    def __init__(self, count: int = 10, bad: Sequence[int] = ()) -> None:
        self.count, self.bad, self.reads = count, bad, 0
        self.attributes = {"odd": ("no", "yes")}

    def __len__(self) -> int:
        return self.count

    def fingerprint(self) -> str:
        return f"numbered {self.count} {self.bad}"

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for index in indices:
            self.reads += 1
            pixels = None if index in self.bad else np.full((size.height, size.width, 3), index, dtype=np.uint8)
            yield Picture(pixels=pixels, labels=(index % 2,), name=f"n{index}", problem="bad" * (pixels is None))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_second_time_nothing_is_read() -> None:
    source = Numbered()
    first = prepare(source, Size(4, 6))
    again = prepare(source, Size(4, 6))
    assert source.reads == 10 and len(again) == 10
    assert np.array_equal(first.pixels, again.pixels)
    prepare(source, Size(8, 8))
    assert source.reads == 20  # another size is another entry


@pytest.mark.parametrize("victim", ["pixels.npy", "index.json"])
@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_a_damaged_entry_is_made_anew(own_cache: Path, victim: str, damage: str) -> None:
    source = Numbered()
    whole = np.array(prepare(source, Size(4, 4)).pixels)
    (file,) = own_cache.glob(f"*/{victim}")
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:20])
    else:
        file.unlink()
    assert np.array_equal(prepare(source, Size(4, 4)).pixels, whole)
    assert source.reads == 20 and len(list(own_cache.iterdir())) == 1
    prepare(source, Size(4, 4))
    assert source.reads == 20


def test_pictures_that_can_not_be_read_are_left_out_and_named() -> None:
    images = prepare(Numbered(10, bad=(0, 7)), Size(4, 4))
    assert len(images) == 8 and images.skipped == (("n0", "bad"), ("n7", "bad"))
    pixels, labels = images.take(np.array([0, 7]))
    assert pixels.dtype == torch.uint8 and pixels.shape == (2, 3, 4, 4)
    assert pixels[:, 0, 0, 0].tolist() == [1, 9] and labels.tolist() == [[1], [1]]


def test_batches_come_in_the_layout_of_training() -> None:
    pixels, _ = prepare(Numbered(), Size(4, 4)).take(np.arange(3))
    assert pixels.is_contiguous(memory_format=torch.channels_last)


def test_none_readable_is_a_data_error_and_progress_is_told() -> None:
    told: list[tuple[int, int, int]] = []
    with pytest.raises(DataError, match="'n0': bad"):
        prepare(Numbered(2, bad=(0, 1)), Size(4, 4), lambda *numbers: told.append(numbers))
    assert told == [(2, 2, 2)]


def test_a_cache_that_can_not_be_written_is_a_storage_error(own_cache: Path) -> None:
    own_cache.write_text("a file in the way")
    with pytest.raises(StorageError, match="GANZOO_CACHE"):
        prepare(Numbered(), Size(4, 4))
