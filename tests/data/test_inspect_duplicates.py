"""Copies of pictures are found, and different pictures are not taken for copies."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from ganzoo.data.inspect import duplicates
from ganzoo.data.inspect.border import find_border
from ganzoo.data.inspect.duplicates import Pair, find_pairs, similarity
from ganzoo.data.inspect.measure import THUMB, perceptual_hash, thumbnail
from tests.data.pictures import landscape

COUNT = 60


def thumb(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image.convert("RGB"))
    return thumbnail(find_border(pixels).cut(pixels))


def found(images: list[Image.Image], digests: list[str] | None = None) -> list[Pair]:
    thumbs = np.stack([thumb(image) for image in images])
    names = digests or [str(number) for number in range(len(images))]
    return find_pairs(names, [perceptual_hash(one) for one in thumbs], thumbs)


def encoded(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=20)
    return Image.open(file).convert("RGB")


def cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 25, 0, width, height - height // 20))


COPIES = {
    "encoded": encoded,
    "smaller": lambda image: image.resize((60, 50)),
    "larger": lambda image: image.resize((500, 300)),
    "cropped": cropped,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "framed": lambda image: ImageOps.expand(image, 15, "white"),
}


def test_different_pictures_are_not_paired():
    assert found([landscape(seed) for seed in range(150)]) == []


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES)
def test_copies_are_found_and_nothing_else(change):
    images = [landscape(seed) for seed in range(COUNT)]
    pairs = found([*images, *map(change, images)])
    assert {(pair.first, pair.second) for pair in pairs} == {(n, n + COUNT) for n in range(COUNT)}
    assert {pair.kind for pair in pairs} == {"near"}


def test_mirrored_copies_are_found_as_mirrored():
    images = [landscape(seed) for seed in range(COUNT)]
    pairs = found([*images, *map(ImageOps.mirror, images)])
    assert [(pair.first, pair.second, pair.kind) for pair in pairs] == [
        (n, n + COUNT, "mirrored") for n in range(COUNT)
    ]


def test_a_copy_of_a_symmetric_picture_is_near_and_not_also_mirrored():
    one = np.asarray(landscape(1)).astype(np.uint16)
    whole = Image.fromarray(((one + one[:, ::-1]) // 2).astype(np.uint8))
    assert [pair.kind for pair in found([whole, whole.resize((90, 70))])] == ["near"]


def test_a_picture_is_listed_with_few_of_its_many_copies():
    frames = [ImageEnhance.Brightness(landscape(1)).enhance(0.8 + step / 100) for step in range(40)]
    pairs = found(frames)
    partners = [number for pair in pairs for number in (pair.first, pair.second)]
    assert set(partners) == set(range(40))
    assert max(partners.count(number) for number in range(40)) == duplicates.MAX_PARTNERS


def test_exact_copies_are_paired_only_with_the_first():
    pairs = found([landscape(1)] * 5 + [landscape(2)], ["a", "a", "a", "a", "a", "b"])
    assert pairs == [Pair(first=0, second=n, kind="exact") for n in range(1, 5)]


def test_pictures_of_one_colour_are_compared_by_colour():
    white, also_white, black = (Image.new("RGB", (50, 50), colour) for colour in ((255,) * 3, (254,) * 3, (0,) * 3))
    assert [(pair.first, pair.second) for pair in found([white, black, also_white])] == [(0, 2)]


def test_similarity_is_symmetric_and_1_for_the_same_picture():
    ones = np.stack([thumb(landscape(seed)) for seed in range(8)])
    others = np.stack([thumb(cropped(landscape(seed))) for seed in range(8)])
    assert similarity(ones, others) == pytest.approx(similarity(others, ones), abs=1e-5)
    assert similarity(ones, ones) == pytest.approx(np.ones(8), abs=1e-4)
    assert (similarity(ones, others) > similarity(ones, np.roll(others, 1, axis=0)) + 0.3).all()


def test_the_size_of_blocks_does_not_change_the_pairs(monkeypatch):
    images = [landscape(seed) for seed in range(20)] + [encoded(landscape(seed)) for seed in range(20)]
    whole = found(images)
    monkeypatch.setattr(duplicates, "_BLOCK", 7)
    monkeypatch.setattr(duplicates, "_BATCH", 3)
    assert found(images) == whole and len(whole) == 20


def test_fewer_than_two_pictures_have_no_pairs():
    assert find_pairs([], [], np.zeros((0, THUMB, THUMB, 3), np.uint8)) == []
    assert found([landscape(0)]) == []


def test_the_cheap_look_lets_pictures_without_details_through() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(100, 104, (200, THUMB, THUMB, 3)).astype(np.uint8)
    other = np.clip(one + rng.integers(-3, 4, one.shape), 0, 255).astype(np.uint8)
    other[::2, ..., 1] += 3  # green alone, which has the largest share of brightness
    same = np.abs(one.astype(float) - other).mean(axis=(1, 2, 3)) <= duplicates._FLAT
    seen = duplicates._may_be_similar(duplicates._coarse(one), duplicates._coarse(other))
    assert 50 < same.sum() < 200 and seen[same].all()
