"""Pictures given in Python mean what their files mean."""

import io

import numpy as np
import pytest
from PIL import Image

from ganzoo.inference.loaded import LoadedTranslator
from ganzoo.specs import ImageShape
from tests.data.deep_files import png
from tests.data.icc import ADOBE_RGB
from tests.stylize.small import CPU, Negative, Small

RAMP = np.arange(64 * 64).reshape(64, 64)


@pytest.fixture
def gan() -> LoadedTranslator:
    return LoadedTranslator(Small(Negative()), ImageShape(height=32, width=32), 0, CPU)


def test_sixteen_bits_are_scaled(gan: LoadedTranslator) -> None:
    image = Image.open(io.BytesIO(png(RAMP * 4)))
    same = np.asarray(gan.stylize(image, strength=0.0))
    assert np.abs(same[..., 0] - RAMP * 4 / 257).max() <= 1  # not all of them 255
    painted = np.asarray(gan.stylize(image))
    assert np.abs(255 - painted.astype(int) - same).max() <= 1


def test_transparency_orientation_and_colours_are_those_of_the_file(gan: LoadedTranslator) -> None:
    pixels = np.full((8, 12, 4), (0, 200, 0, 77), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", icc_profile=ADOBE_RGB, exif=exif)
    painted = gan.stylize(Image.open(file), strength=0.0)
    assert (painted.mode, painted.size) == ("RGBA", (8, 12))
    red, green, _, alpha = painted.getpixel((3, 3))
    assert (red, alpha) == (0, 77) and green > 200
