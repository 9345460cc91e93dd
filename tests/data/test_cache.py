"""The cache at training size: read once, then mapped; safe against crashes, crowds and full disks."""

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from ganzoo.config.units import Size
from ganzoo.data import cache
from ganzoo.data.cache import prepare
from ganzoo.data.source import ImageSource, Picture
from ganzoo.errors import DataError, StorageError
from ganzoo.runs.view import View


class Numbered(ImageSource):
    """Picture n is of colour n; some can't be read."""

    def __init__(self, count: int = 10, bad: Sequence[int] = (), stamp: str = "", digests: bool = False) -> None:
        self.number, self.bad, self.reads, self.digests = count, bad, 0, digests
        self.stamp = stamp or f"numbered {count} {bad}"
        self.attributes = {"odd": ("no", "yes")}

    def __len__(self) -> int:
        return self.number

    def fingerprint(self) -> str:
        return self.stamp

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for index in indices:
            self.reads += 1
            pixels = None if index in self.bad else np.full((size.height, size.width, 3), index, dtype=np.uint8)
            yield Picture(
                pixels=pixels,
                labels=(index % 2,),
                name=f"n{index}",
                problem="bad" * (pixels is None),
                digest=str(index) * self.digests,
                notes=("even",) * (1 - index % 2),
            )


class Slow(Numbered):
    """Takes a while for each picture, so that others can come in between."""

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for picture in super().read(indices, size):
            time.sleep(0.05)
            yield picture


class Told(View):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.numbers: list[tuple[int, int | None, int]] = []
        self.skipped: list[tuple[str, str]] = []

    def reading(self, done: int, total: int | None, skipped: int) -> None:
        self.numbers.append((done, total, skipped))

    def skipping(self, name: str, problem: str) -> None:
        self.skipped.append((name, problem))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir() and path.name != "locks"]


def test_the_second_time_nothing_is_read() -> None:
    source = Numbered()
    first = prepare(source, Size(4, 6))
    again = prepare(source, Size(4, 6))
    assert source.reads == 10 and len(again) == 10
    assert np.array_equal(first.pixels, again.pixels) and np.array_equal(first.labels, again.labels)
    assert again.notes == first.notes == {"even": 5}
    prepare(source, Size(8, 8))
    assert source.reads == 20  # another size is another entry


def test_other_rules_make_another_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Numbered()
    prepare(source, Size(4, 4))
    monkeypatch.setattr(cache, "RULES", cache.RULES + 1)
    prepare(source, Size(4, 4))
    assert source.reads == 20


def test_an_entry_belongs_to_the_content_and_not_to_its_stamp(own_cache: Path) -> None:
    first = prepare(Numbered(stamp="here", digests=True), Size(4, 4))
    moved = Numbered(stamp="there", digests=True)
    assert prepare(moved, Size(4, 4)).fingerprint == first.fingerprint and moved.reads == 10
    assert len(entries(own_cache)) == 1
    prepare(moved, Size(4, 4))
    assert moved.reads == 10  # and the new stamp is remembered
    other = prepare(Numbered(11, stamp="other", digests=True), Size(4, 4))
    assert other.fingerprint != first.fingerprint and len(entries(own_cache)) == 2


def test_a_picture_that_can_be_read_at_last_is_no_longer_skipped(own_cache: Path) -> None:
    assert len(prepare(Numbered(10, bad=(3,), stamp="first", digests=True), Size(4, 4))) == 9
    assert len(prepare(Numbered(10, stamp="touched", digests=True), Size(4, 4))) == 10


def test_another_decoder_reads_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Numbered(10, bad=(3,), stamp="same", digests=True)
    prepare(source, Size(4, 4))
    monkeypatch.setattr(cache, "decoders", lambda: "with heic")
    prepare(source, Size(4, 4))
    assert source.reads == 20


@pytest.mark.parametrize("victim", ["pixels.u8", "index.json", "labels.npy"])
@pytest.mark.parametrize("damage", ["cut", "remove", "empty"])
def test_a_damaged_entry_is_made_anew(own_cache: Path, victim: str, damage: str) -> None:
    source = Numbered()
    whole = np.array(prepare(source, Size(4, 4)).pixels)
    (file,) = own_cache.glob(f"*/{victim}")
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: 20 * (damage == "cut")])
    assert np.array_equal(prepare(source, Size(4, 4)).pixels, whole)
    assert source.reads == 20 and len(entries(own_cache)) == 1
    prepare(source, Size(4, 4))
    assert source.reads == 20


@pytest.mark.parametrize("text", ["", "[]", '{"entry": 3}', '{"entry": "../elsewhere"}', '{"entry": "gone"}'])
def test_a_damaged_memory_of_the_stamp_is_made_anew(own_cache: Path, text: str) -> None:
    source = Numbered()
    prepare(source, Size(4, 4))
    (file,) = own_cache.glob("*.json")
    file.write_text(text)
    assert len(prepare(source, Size(4, 4))) == 10 and source.reads == 20
    assert prepare(source, Size(4, 4)).pixels[3].max() == 3 and source.reads == 20


def test_pictures_that_can_not_be_read_are_left_out_and_named() -> None:
    view = Told()
    images = prepare(Numbered(10, bad=(0, 7)), Size(4, 4), view)
    assert len(images) == 8 and images.skipped == (("n0", "bad"), ("n7", "bad")) == tuple(view.skipped)
    pixels, labels = images.take(np.array([0, 7]))
    assert pixels.dtype == torch.uint8 and pixels.shape == (2, 3, 4, 4)
    assert pixels[:, 0, 0, 0].tolist() == [1, 9] and labels.tolist() == [[1], [1]]


def test_more_bad_pictures_than_allowed_are_an_error_that_says_how_to_go_on() -> None:
    source = Numbered(10, bad=(0, 7))
    assert len(prepare(source, Size(4, 4), max_bad=0.2)) == 8
    with pytest.raises(DataError, match=r"2 of 10 .*max_bad=0.1 .*'n0': bad; 'n7': bad.*--set max_bad=0.2$"):
        prepare(source, Size(4, 4), max_bad=0.1)
    assert source.reads == 10  # the answer is as quick the second time


def test_none_readable_is_a_data_error_and_progress_is_told() -> None:
    view = Told()
    with pytest.raises(DataError, match=r"none of the 2 .*'n0': bad"):
        prepare(Numbered(2, bad=(0, 1)), Size(4, 4), view)
    assert view.numbers == [(2, 2, 2)]


def test_batches_come_in_the_layout_of_training() -> None:
    pixels, _ = prepare(Numbered(), Size(4, 4)).take(np.arange(3))
    assert pixels.is_contiguous(memory_format=torch.channels_last)


def test_a_source_that_breaks_its_promise_is_named() -> None:
    class Wrong(Numbered):
        def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
            yield Picture(pixels=np.zeros((2, 2, 3), np.uint8), name="x", labels=(0,))

    with pytest.raises(DataError, match=r"'x' as uint8 \(2, 2, 3\)"):
        prepare(Wrong(), Size(4, 4))


def test_a_cache_that_can_not_be_written_is_a_storage_error(own_cache: Path) -> None:
    own_cache.write_text("a file in the way")
    with pytest.raises(StorageError, match="GANZOO_CACHE"):
        prepare(Numbered(), Size(4, 4))


def test_a_disk_that_is_too_small_is_told_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100))
    source = Numbered()
    with pytest.raises(StorageError, match=r"not enough space.*GANZOO_CACHE"):
        prepare(source, Size(64, 64))
    assert source.reads == 0


def fill_the_disk(folder: str) -> None:
    """Runs in a process of its own, as the limit of a file's size is the process's."""
    os.environ["GANZOO_CACHE"] = folder
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        prepare(Numbered(40), Size(64, 64))
    except StorageError as error:
        os._exit(0 if "MB needed" in str(error) and len(entries(Path(folder))) == 0 else 2)
    os._exit(1)


def test_a_disk_that_fills_up_midway_leaves_nothing_behind(own_cache: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=fill_the_disk, args=(str(own_cache),))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert len(prepare(Numbered(40), Size(64, 64))) == 40


READ_SLOWLY = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.data.test_cache import Slow, Size, prepare
class Loud(Slow):
    def read(self, indices, size):
        print("reading", flush=True)
        yield from super().read(indices, size)
source = Loud(40)
print(len(prepare(source, Size(4, 4))), source.reads, flush=True)
"""


def slow_reader(folder: Path) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", READ_SLOWLY, str(root)],
        env={**os.environ, "GANZOO_CACHE": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_runs_at_once_read_the_pictures_once(own_cache: Path) -> None:
    pair = [slow_reader(own_cache), slow_reader(own_cache)]
    said = [process.communicate(timeout=60)[0].split() for process in pair]
    assert [process.returncode for process in pair] == [0, 0]
    assert sorted(words[-2:] for words in said) == [["40", "0"], ["40", "40"]]
    assert len(entries(own_cache)) == 1


def test_a_reader_that_is_killed_leaves_nothing_that_is_taken_for_whole(own_cache: Path) -> None:
    process = slow_reader(own_cache)
    assert process.stdout is not None and process.stdout.readline() == "reading\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [path.name[0] for path in entries(own_cache)] == ["."]  # the draft
    source = Numbered(40)
    assert len(prepare(source, Size(4, 4))) == 40 and source.reads == 40
    assert [path.name[0] == "." for path in entries(own_cache)] == [False]
    assert json.loads(next(own_cache.glob("*.json")).read_text())
