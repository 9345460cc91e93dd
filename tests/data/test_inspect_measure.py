"""Measurements on one picture."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from ganzoo.data.inspect import border
from ganzoo.data.inspect.border import Border, find_border
from ganzoo.data.inspect.measure import (
    is_grey,
    jpeg_quality,
    lab,
    perceptual_hash,
    thumbnail,
)
from tests.data.pictures import landscape


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


@pytest.mark.parametrize("quality", range(1, 101, 3))
def test_the_quality_of_a_jpeg_is_read_from_its_tables(quality):
    assert jpeg_quality(as_jpeg(landscape(0), quality).quantization) == quality  # type: ignore[attr-defined]


def test_other_tables_give_the_quality_of_equal_strength():
    standard = as_jpeg(landscape(0), 50).quantization[0]  # type: ignore[attr-defined]
    assert jpeg_quality({0: [2 * value for value in standard]}) == 25
    assert jpeg_quality({0: sorted(standard)}) == 50
    assert jpeg_quality({}) is None


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((255, 255, 255), (100, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((255, 0, 0), (53.24, 80.09, 67.20))],
)
def test_lab_follows_the_standard(colour, expected):
    assert lab(np.array([[colour]], np.uint8))[0, 0] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("colour", "quality"), [("white", None), ("black", None), ((200, 30, 30), None), ("white", 75), ("black", 75)]
)
def test_a_frame_is_found_on_every_side_of_it(colour, quality):
    framed = ImageOps.expand(landscape(1), (7, 12, 20, 6), colour)
    image = as_jpeg(framed, quality) if quality else framed
    found = find_border(pixels(image)).sides()
    assert found.keys() == {"top", "right", "bottom", "left"}
    for side, width in {"left": 7, "top": 12, "right": 20, "bottom": 6}.items():
        assert width <= found[side] <= width + 4


def test_bars_above_and_below_and_a_second_ring_are_found():
    found = find_border(pixels(ImageOps.expand(landscape(2), (0, 30), "black")))
    assert found.sides().keys() == {"top", "bottom"}
    rings = ImageOps.expand(ImageOps.expand(landscape(2), 6, "white"), 5, "black")
    assert all(11 <= width <= 14 for width in find_border(pixels(rings)).sides().values())


@pytest.mark.parametrize("seed", range(20))
def test_pictures_without_a_border_have_none(seed):
    assert not find_border(pixels(landscape(seed)))
    assert not find_border(pixels(as_jpeg(landscape(seed), 40)))


def test_a_clear_sky_is_no_border():
    image = np.full((100, 150, 3), 255, np.uint8)
    for column in range(150):  # mountains that begin at different heights
        image[40 + abs(column - 75) // 2 :, column] = (60, 80, 50)
    assert not find_border(image)
    fade = np.repeat(np.linspace(255, 0, 100, dtype=np.uint8)[:, None, None], 150, axis=1).repeat(3, axis=2)
    assert not find_border(fade)


def test_a_picture_of_one_colour_has_no_border_and_odd_shapes_raise_nothing():
    assert not find_border(np.full((64, 64, 3), 7, np.uint8))
    for shape in ((1, 8), (8, 1), (2, 2), (3, 200), (8, 64)):
        assert find_border(np.zeros((*shape, 3), np.uint8)) == Border()


def test_a_border_that_leaves_almost_nothing_is_not_cut():
    image = np.full((100, 100, 3), 255, np.uint8)
    image[45:55, 45:55] = 0
    assert find_border(image).inside(image) >= 1000


def test_grey_is_distinguished_from_colour_after_jpeg():
    grey = landscape(3).convert("L")
    assert is_grey(pixels(grey)) and is_grey(pixels(as_jpeg(grey.convert("RGB"), 50)))
    assert not is_grey(pixels(landscape(3)))
    spot = pixels(grey).copy()
    spot[40:60, 40:60] = (250, 20, 20)
    assert not is_grey(spot)


def bits(one: int, other: int) -> int:
    return (one ^ other).bit_count()


@pytest.mark.parametrize("seed", range(5))
def test_the_hash_survives_only_changes_of_brightness_size_and_encoding(seed):
    image = landscape(seed)
    own = perceptual_hash(thumbnail(pixels(image)))
    assert 0 <= own < 1 << 63  # the bit of the mean is never set
    for changed in (
        as_jpeg(image, 30),
        image.resize((71, 200)),
        ImageEnhance.Brightness(image).enhance(0.7),
        ImageEnhance.Contrast(image).enhance(0.6),
    ):
        assert bits(own, perceptual_hash(thumbnail(pixels(changed)))) <= 6
    other = perceptual_hash(thumbnail(pixels(landscape(seed + 100))))
    assert bits(own, other) > 16


def test_the_fast_median_is_the_median() -> None:
    rng = np.random.default_rng(0)
    for width in (*range(1, 20), 255, 256):
        values = rng.integers(0, 256, (7, width)).astype(np.int16)
        assert np.array_equal(border._median(values), np.median(values, axis=1))
