"""The painted score of painters whose result is known: one that does nothing, and one that gives paintings."""

import time
from collections.abc import Iterator, Sequence
from types import MappingProxyType

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ganzoo.config.units import Size
from ganzoo.data.cache import Images
from ganzoo.data.chosen import ChosenPictures
from ganzoo.data.source import ImageSource, Picture
from ganzoo.encoders import Encoder
from ganzoo.errors import DataError
from ganzoo.scoring.painted import PaintedScorer, Tell
from ganzoo.scoring.scorer import too_few
from tests.scoring.small import Thumbnail

SHAPE = Size(32, 32)
Pixels = NDArray[np.uint8]


class Drawn(ImageSource):
    """Pictures of 64 px, each a few soft spots on a ground that is as dark as `shade` says."""

    attributes = MappingProxyType[str, tuple[str, ...]]({})

    def __init__(self, count: int, seed: int, shade: int) -> None:
        rng = np.random.default_rng(seed)
        coarse = np.clip(shade + 25 * rng.normal(0, 1, (count, 4, 4, 3)), 0, 255).astype(np.uint8)
        self.pixels = coarse.repeat(16, 1).repeat(16, 2)
        self.name = f"drawn:{count}:{seed}:{shade}"
        self.reads = 0

    def fingerprint(self) -> str:
        return self.name

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        for index in indices:
            self.reads += 1
            step = 64 // size.height
            yield Picture(pixels=self.pixels[index, ::step, ::step].copy())


def chosen(source: Drawn, side: int = 64) -> ChosenPictures:
    small = source.pixels[:, ::2, ::2]
    labels = np.empty((len(small), 0), np.int64)
    images = Images(pixels=small, labels=labels, attributes={}, fingerprint=source.name, skipped=())
    return ChosenPictures(source=source, images=images, numbers=np.arange(len(source)), shape=SHAPE, side=side)


PAINTINGS, PHOTOS = Drawn(60, 1, 60), Drawn(24, 2, 180)


def scorer(
    paintings: Drawn = PAINTINGS,
    photos: ChosenPictures | None = None,
    encoders: Sequence[Encoder] = (),
    truth: ChosenPictures | None = None,
    painting: str = "stroke 1",
    tell: Tell = lambda *_: None,
) -> PaintedScorer:
    return PaintedScorer(
        encoders or [Thumbnail()],
        chosen(paintings),
        photos or chosen(PHOTOS),
        view=32,
        painting=painting,
        held_out="24 of 24 photos",
        device=torch.device("cpu"),
        metrics={},
        warn=lambda _: None,
        truth=truth,
        tell=tell,
    )


def test_photos_as_they_are_have_all_of_it_left_and_all_their_content() -> None:
    found = scorer().score(lambda pixels: pixels, step=7, weights="ema")
    assert (found.score.value, found.score.low, found.score.high) == pytest.approx((100, 100, 100))
    assert (found.others["whole"], found.others["crops"], found.ceiling) == pytest.approx((100, 100, 100))
    assert (found.others["content"], found.others["contours"]) == pytest.approx((1, 1))
    assert (found.step, found.weights) == (7, "ema") and found.others["seconds"] >= 0


def test_what_the_first_photo_waits_for_is_not_in_the_seconds() -> None:
    waits = [0.5]

    def paint(pixels: Pixels) -> Pixels:
        time.sleep(waits.pop() if waits else 0)
        return pixels

    assert scorer().score(paint, step=7, weights="ema").others["seconds"] < 0.5 / len(PHOTOS)


def test_a_painter_of_paintings_reaches_the_floor() -> None:
    others = iter(Drawn(24, 3, 60).pixels)
    found = scorer().score(lambda _: next(others), step=0, weights="live")
    assert found.floor.low - 2 < found.score.value < found.floor.high + 2
    assert found.score.high < 5 and found.others["contours"] < 0.7


def test_half_of_the_way_lies_between() -> None:
    found = scorer().score(lambda pixels: pixels // 2 + 30, step=0, weights="ema")
    assert found.floor.high < found.score.value < 60 and found.others["contours"] > 0.5


def test_photos_are_painted_large_and_looked_at_at_the_whole_view() -> None:
    shapes = set()

    def paint(pixels: Pixels) -> Pixels:
        shapes.add(pixels.shape)
        return pixels

    protocol = scorer().score(paint, step=0, weights="ema").protocol
    assert shapes == {(64, 64, 3)}
    assert (protocol.painted_at, protocol.size, protocol.crops) == ("64x64", "32x32", "2 of 16x16")
    assert (protocol.metric, protocol.painting, protocol.version) == ("left-thumbnail", "stroke 1", 3)
    assert (protocol.n_real, protocol.n_fake, protocol.sources) == (60, 24, PHOTOS.name)
    assert protocol.painted and protocol.name == "painted score"


def test_photos_that_are_smaller_than_the_whole_view_are_not_enlarged() -> None:
    protocol = scorer(photos=chosen(PHOTOS, side=16)).protocol
    assert (protocol.painted_at, protocol.size) == ("16x16", "16x16")


def test_how_photos_are_painted_is_part_of_the_protocol() -> None:
    differences = scorer().protocol.differences(scorer(painting="stroke 2").protocol)
    assert differences == {"painting": ("stroke 1", "stroke 2")}


def test_what_was_seen_of_paintings_and_photos_is_kept() -> None:
    paintings, photos = Drawn(40, 11, 60), Drawn(24, 12, 180)
    for _ in range(2):
        encoder = Thumbnail()
        one = scorer(paintings, chosen(photos), [encoder])
        reads, seen = (paintings.reads, photos.reads), encoder.seen
    assert reads == (40, 24) and seen == 0
    one.score(lambda pixels: pixels, step=0, weights="ema")
    assert photos.reads == 48 and paintings.reads == 40 and encoder.seen >= 3 * 24


def test_all_that_takes_its_time_tells_how_much_is_done() -> None:
    told: list[tuple[str, int, int]] = []
    one = scorer(Drawn(40, 13, 60), chosen(Drawn(24, 14, 180)), tell=lambda *what: told.append(what))
    looking = "looking at pictures by thumbnail"
    assert told == [(looking, done, count) for count in (40, 24) for done in range(1, count + 1)]
    told.clear()
    one.score(lambda pixels: pixels, step=0, weights="ema")
    assert told == [(what, done, 24) for what in ("painting photos", looking) for done in range(1, 25)]


def test_further_encoders_have_scores_of_their_own() -> None:
    second = Thumbnail()
    second.name, second.fingerprint = "other", "f" * 64
    found = scorer(encoders=[Thumbnail(), second]).score(lambda pixels: pixels // 2 + 30, step=3, weights="ema")
    (beside,) = found.beside
    assert (beside.protocol.metric, beside.protocol.encoder) == ("left-other", "f" * 64)
    assert beside.score == found.score and beside.step == 3
    assert type(found).from_dict(found.to_dict()) == found


def test_true_paintings_are_compared_one_by_one() -> None:
    truth = Drawn(24, 2, 180)
    truth.pixels = 255 - truth.pixels
    found = scorer(truth=chosen(truth)).score(lambda pixels: 255 - pixels, step=0, weights="ema")
    assert found.others["psnr"] > 40 and found.others["truth"] == pytest.approx(1, abs=0.01)


def test_photos_that_are_like_the_paintings_are_refused() -> None:
    with pytest.raises(DataError, match="no distance of which a part could be left"):
        scorer(photos=chosen(Drawn(24, 5, 60)))


def test_paintings_may_not_be_too_few() -> None:
    with pytest.raises(DataError, match="at least 4"):
        scorer(Drawn(3, 6, 60))


def test_too_few_photos_and_paintings_are_refused_with_what_it_takes() -> None:
    assert too_few(3, "photo", 1.0) == "3 photos can't be scored on: give at least 16"
    with pytest.raises(DataError, match=r"^1 painting can't be scored on: give at least 4, by --style$"):
        scorer(paintings=Drawn(1, 1, 60))
