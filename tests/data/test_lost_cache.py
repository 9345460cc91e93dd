"""The cache may be emptied, or its files cut off, while images are in use: they can be read all the same."""

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo import api
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Size
from ganzoo.data.cache import Images, prepare
from ganzoo.data.source import Picture
from ganzoo.engine import checkpoint, launch
from ganzoo.errors import StorageError
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from ganzoo.scoring.translation import TranslationScorer
from tests.data.test_cache import Numbered
from tests.engine.test_resume import assert_same, lines
from tests.scoring import small

SIZE = Size(4, 6)


class Heard(View):
    """Keeps the notices, and does something to the cache at a step."""

    def __init__(self, step: int = 0, then: Callable[[], object] = lambda: None) -> None:
        self.notices: list[str] = []
        self._step, self._then = step, then

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def stepped(self, run: Run) -> None:
        if run.progress.steps == self._step:
            self._then()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def cut_off(cache: Path) -> None:
    """Cuts every file of pixels in place, as a disk that failed or a copy over it would."""
    files = list(cache.glob("*/pixels.u8"))
    assert files
    for file in files:
        os.truncate(file, 5)


def shades(images: Images, numbers: Sequence[int]) -> list[int]:
    pixels, _ = images.take(np.array(numbers))
    assert pixels.shape == (len(numbers), 3, SIZE.height, SIZE.width)
    return pixels.amax(dim=(1, 2, 3)).tolist()


def test_images_outlive_the_files_of_the_cache(own_cache: Path) -> None:
    source = Numbered()
    first, mapped = prepare(source, SIZE), prepare(source, SIZE)
    shutil.rmtree(own_cache)
    for images in (first, mapped):
        assert shades(images, [7, 0, 9, 7]) == [7, 0, 9, 7] and source.reads == 10
    assert shades(prepare(source, SIZE), [3]) == [3] and source.reads == 20


def test_a_file_that_was_cut_off_is_written_again(own_cache: Path) -> None:
    source, view = Numbered(), Heard()
    images = prepare(source, SIZE, view)
    for _ in range(2):
        cut_off(own_cache)
        assert shades(images, [9, 1]) == [9, 1]
    assert (
        source.reads == 30 and view.notices == ["the image cache was lost while in use; reading the images again"] * 2
    )


def test_images_that_have_changed_are_not_taken_for_those_that_were_lost(own_cache: Path) -> None:
    source = Numbered(digests=True)
    images = prepare(source, SIZE)
    cut_off(own_cache)
    source.bad = (3,)
    with pytest.raises(StorageError, match=r"was lost while in use .* can't be read again: .*changed") as lost:
        images.take(np.array([1]))
    assert "\n" not in str(lost.value)


def _reads_all(images: Images) -> None:
    """In a process of its own, which shares the open file."""
    os._exit(0 if all(shades(images, range(10)) == list(range(10)) for _ in range(50)) else 1)


def test_forked_processes_read_at_once(own_cache: Path) -> None:
    images = prepare(Numbered(), SIZE)
    shutil.rmtree(own_cache)
    children = [multiprocessing.get_context("fork").Process(target=_reads_all, args=(images,)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]


def test_no_file_stays_open_longer_than_its_images(own_cache: Path) -> None:
    source = Numbered()
    images = prepare(source, SIZE)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        cut_off(own_cache)
        shades(images, [1])
        prepare(source, SIZE)
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_a_cache_that_is_emptied_while_it_is_filled_is_filled_again(own_cache: Path) -> None:
    class Emptied(Numbered):
        def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
            for picture in super().read(indices, size):
                if self.reads == 5:
                    shutil.rmtree(own_cache)
                yield picture

    source, view = Emptied(), Heard()
    assert shades(prepare(source, SIZE, view), [8]) == [8] and source.reads == 20
    assert any("emptied" in notice for notice in view.notices)


@pytest.mark.parametrize("harm", [shutil.rmtree, cut_off], ids=["emptied", "cut off"])
def test_a_run_trains_on_as_if_nothing_had_happened(
    harm: Callable[[Path], None], own_cache: Path, train: Callable[..., Run]
) -> None:
    whole = train(name="whole", budget="6steps", log_every="1steps")
    view = Heard(3, lambda: harm(own_cache))
    harmed = train(name="harmed", view=view, budget="6steps", log_every="1steps")
    assert harmed.outcome == "done"
    assert_same(whole.folder, harmed.folder, 6)
    assert lines(whole.folder) == lines(harmed.folder)


@pytest.mark.parametrize("harm", [shutil.rmtree, cut_off], ids=["emptied", "cut off"])
def test_scores_of_a_translator_are_taken_without_the_cache(
    harm: Callable[[Path], None],
    own_cache: Path,
    tiny: Callable[..., Configuration],
    catalog: Catalog,
    tmp_path: Path,
) -> None:
    """Its photos are read at each score, and images of the size of scores are others than those of training."""
    sides = {"data.count": 80, "style.count": 80, "held_out": 0.25, "augment_data": "scene"}
    configuration = tiny("lptn", **sides, budget="4steps", score_every="2steps")

    def build_scorer(
        configuration: Configuration, images: Images, device: object, warn: object, *, sources: Images
    ) -> object:
        settings = {"share": 0.25, "n_fake": 20, "device": device, "metrics": {}, "warn": warn}
        return TranslationScorer(small.Thumbnail(), images, sources, **settings)

    def trained(name: str, view: View) -> Run:
        return launch.start(
            configuration, catalog, view, out=tmp_path / name, overwrite=False, build_scorer=build_scorer
        )

    whole, harmed = trained("whole", View()), trained("harmed", Heard(1, lambda: harm(own_cache)))
    assert len(harmed.scores()) == 2 and harmed.outcome == "done"
    assert [one.score for one in whole.scores()] == [one.score for one in harmed.scores()]


def test_a_run_whose_images_are_gone_for_good_keeps_all_that_it_trained(
    own_cache: Path, tmp_path: Path, train: Callable[..., Run]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(12):
        Image.new("RGB", (16, 16), (20 * number, 0, 0)).save(photos / f"{number:02}.png")

    def lose() -> None:
        cut_off(own_cache)
        (photos / "03.png").rename(tmp_path / "away.png")

    given = {"data": str(photos), "log_every": "1steps", "checkpoint_every": "100steps"}
    whole = train(name="whole", budget="6steps", **given)
    with pytest.raises(StorageError, match="changed since the start"):
        train(name="lost", view=Heard(3, lose), budget="6steps", **given)
    assert checkpoint.steps_in(tmp_path / "lost/checkpoints")[-1] == 3
    (tmp_path / "away.png").rename(photos / "03.png")
    resumed = api.resume(tmp_path / "lost")
    assert_same(whole.folder, resumed.folder, 6)
    assert lines(whole.folder) == lines(resumed.folder)
