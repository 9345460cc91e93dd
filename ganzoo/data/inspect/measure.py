"""Measures one picture: greyness, colour, perceptual hash, and the quality of its JPEG."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMB = 32
"""Side in pixels of the small square copy. The hash and all comparisons are made from it."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_MIN_AMPLITUDE = 0.01
"""Frequencies with a smaller amplitude count as zero, since that is a rounding error."""

_GREY_SPREAD = 8
"""A pixel is grey when its channels differ by at most this many levels of 255. JPEG moves them that far."""
_GREY_SHARE = 0.995
"""The share of the pixels that must be grey in a grey picture."""

# The luminance quantisation table of the JPEG standard (ITU-T T.81, table K.1). Encoders scale it by their quality.
_TABLE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Whether almost every pixel has three equal channels, apart from JPEG artefacts. Looks at every fourth pixel."""
    red, green, blue = (pixels[::2, ::2, channel].astype(np.int16) for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool((spread <= _GREY_SPREAD).mean() >= _GREY_SHARE)


def lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Converts sRGB, uint8 … 3, to CIE L*a*b* with white point D65: L in [0, 100], a and b about in [-100, 100]."""
    linear = _LINEAR[pixels] @ _XYZ.T
    scaled = np.where(linear > 216 / 24389, np.cbrt(linear), linear * (24389 / 27 / 116) + 16 / 116)
    x, y, z = scaled[..., 0], scaled[..., 1], scaled[..., 2]
    result: NDArray[np.float32] = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
    return result


def _linear() -> NDArray[np.float32]:
    """The linear intensity of each sRGB level: the inverse of the sRGB gamma, 256."""
    value = np.arange(256, dtype=np.float64) / 255
    return np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92).astype(np.float32)


_LINEAR = _linear()
_WHITE = np.array([[0.95047], [1.0], [1.08883]])
_XYZ = (
    np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    / _WHITE
).astype(np.float32)


def brightness(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma of sRGB pixels, uint8 … 3 -> float … in [0, 255]."""
    luma: NDArray[np.float32] = pixels @ _LUMA
    return luma


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture resized to a square, uint8 THUMB THUMB 3. The aspect is not kept."""
    return np.asarray(Image.fromarray(pixels).resize((THUMB, THUMB), Image.Resampling.BOX))


def _cosines() -> NDArray[np.float32]:
    """The first eight rows of the orthonormal DCT-II, 8 THUMB."""
    frequency, position = np.arange(8)[:, None], np.arange(THUMB)[None, :]
    rows = np.cos(np.pi * frequency * (2 * position + 1) / (2 * THUMB)) * np.sqrt(2 / THUMB)
    result: NDArray[np.float32] = rows.astype(np.float32)
    return result


_COSINES = _cosines()


def perceptual_hash(thumb: NDArray[np.uint8]) -> int:
    """A hash of 64 bits: the signs of the 8 x 8 lowest frequencies of the luma.

    The first bit, that of the mean, is always 0. Brightness, contrast, size and encoding don't change the signs.
    Mirroring changes those of odd columns only.
    """
    waves = _COSINES @ brightness(thumb) @ _COSINES.T
    waves[0, 0] = 0
    return int.from_bytes(np.packbits(waves.reshape(-1) > _MIN_AMPLITUDE).tobytes(), "big")


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality, 1 to 100, with which a JPEG was encoded, from its first quantisation table; None without one.

    Encoders of the IJG's family scale the standard table by (200 - 2q) %, or by (5000 / q) % for q < 50, and clip it to
    [1, 255]. The answer is the q whose table has the closest sum. For the tables of other encoders, it is the quality
    of about the same strength of compression.
    """
    if 0 not in tables:
        return None
    return _quality_of_sum(sum(tables[0]))


@lru_cache(maxsize=1024)
def _quality_of_sum(total: int) -> int:
    return min(range(1, 101), key=lambda quality: (abs(_SUMS[quality] - total), -quality))


def _scaled_sum(quality: int) -> int:
    scale = 200 - 2 * quality if quality >= 50 else 5000 // quality
    return sum(min(max((value * scale + 50) // 100, 1), 255) for value in _TABLE)


_SUMS = {quality: _scaled_sum(quality) for quality in range(1, 101)}
