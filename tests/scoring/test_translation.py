"""Scores of translators see the style that is reached and the content that is lost."""

import numpy as np
import pytest
import torch

from ganzoo.batch import Batch
from ganzoo.errors import DataError
from ganzoo.scoring.translation import TranslationScorer, _floor
from tests.scoring.small import Thumbnail, images, pixels


def scorer(paired: bool = False, painted: int = 200, **changes: object) -> TranslationScorer:
    photos = images(200, 1, pixels=np.repeat(np.repeat(pixels(200, 1), 2, 1), 2, 2))
    paintings = 255 - photos.pixels if paired else np.repeat(np.repeat(pixels(painted, 2) // 3, 2, 1), 2, 2)
    given = {"share": 0.25, "n_fake": 50, "device": torch.device("cpu"), "metrics": {}, "warn": lambda _: None}
    return TranslationScorer(
        Thumbnail(), images(painted, 2, pixels=paintings), photos, paired=paired, **{**given, **changes}
    )


def scored(one: TranslationScorer, paint) -> dict[str, float]:
    evaluation = one.score(one.draw(lambda batch: paint(batch.source)), step=1, weights="ema")
    return {"score": evaluation.score.value, **evaluation.others}


def test_photos_left_alone_score_the_ceiling_and_keep_all() -> None:
    one = scorer()
    untouched = scored(one, lambda photos: photos)
    assert abs(untouched["score"] - one.ceiling) < 1e-9 and one.floor.value < 0.1 * one.ceiling
    assert untouched["content"] == pytest.approx(1) and untouched["contours"] == pytest.approx(1)


def test_the_style_is_seen_and_so_is_lost_content() -> None:
    one = scorer()
    darker = scored(one, lambda photos: (photos + 1) / 3 - 1)
    forgotten = scored(one, lambda photos: ((photos + 1) / 3 - 1).flip(0))
    assert darker["score"] < 0.3 * one.ceiling
    assert forgotten["score"] == pytest.approx(darker["score"], abs=1e-6)
    assert forgotten["contours"] < darker["contours"]


def test_with_true_paintings_the_distance_to_them_is_told() -> None:
    one = scorer(paired=True)
    right, wrong = scored(one, lambda photos: -photos), scored(one, lambda photos: photos)
    assert right["psnr"] > 40 > 20 > wrong["psnr"] and right["truth"] > wrong["truth"]
    assert "psnr" not in scored(scorer(), lambda photos: photos)


def test_the_protocol_names_both_sides() -> None:
    protocol = scorer().protocol
    assert (protocol.data, protocol.sources) == ("small:200:2", "small:200:1")
    assert (protocol.n_real, protocol.n_fake, protocol.held_out) == (200, 50, "50 of 200 photos")


def test_a_model_is_given_the_same_photos_whatever_it_draws_from_noise() -> None:
    one = scorer()
    seen: list[torch.Tensor] = []

    def draw(batch: Batch) -> torch.Tensor:
        seen.append(batch.source)
        batch.noise(3)
        return batch.source

    first, second = one.draw(draw), one.draw(draw)
    assert np.array_equal(first, second) and torch.equal(seen[0], seen[len(seen) // 2])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_than_four_paintings_are_an_error(count: int) -> None:
    with pytest.raises(DataError, match=rf"{count} paintings? can't be scored on: give at least 4"):
        scorer(painted=count)


def test_four_paintings_are_enough() -> None:
    assert np.isfinite(scorer(painted=4).floor.value)


def test_no_photo_held_out_is_an_error() -> None:
    with pytest.raises(DataError, match="too few to score on"):
        scorer(share=0.01)


@pytest.mark.parametrize("count", [4, 5, 12])
def test_the_floor_of_few_paintings_has_an_interval_with_width(count: int) -> None:
    floor = _floor(torch.randn(count, 8, generator=torch.Generator().manual_seed(1)))
    assert floor.low < floor.high and floor.low <= floor.value <= floor.high
