"""Measures one picture: border, greyness, colour, perceptual hash, and the quality of its JPEG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMB = 32
"""Side in pixels of the small square copy. The hash and all comparisons are made from it."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_MIN_AMPLITUDE = 0.01
"""Frequencies with a smaller amplitude count as zero, since that is a rounding error."""

# A border is found row by row, from the edge of the picture inwards. Distances are between a pixel and the colour of
# the border, in levels of 255: the largest over the channels.
_MAX_ROW_DISTANCE = 6
"""A row of a border has at most this median distance. JPEG does not move it farther."""
_MAX_FAR_ROW_DISTANCE = 2
"""The same for a row of a border far from the picture, where JPEG does nothing. A clear sky changes more."""
_FAR = 12
"""Rows between the picture and a far row. They hold at least one JPEG block and the blur of a resize."""
_PICTURE_DISTANCE = 24
"""A pixel with a larger distance belongs to the picture, not to the border."""
_MAX_RINGING = 0.1
"""The share of a border's row that may look like picture, since JPEG rings into it."""
_MIN_PICTURE = 0.6
"""The share of the first row behind a border that must be picture. A sky blends into its picture row by row."""
_BLENDED = 2
"""Rows between border and picture that a resize may have blended."""
_MAX_WIDTH = 0.45
"""The largest width of a border, as a share of the picture's side."""
_MAX_RINGS = 4
_MIN_INSIDE = 0.1
"""The share of the area that a border must leave."""

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


@dataclass(frozen=True, kw_only=True)
class Border:
    """A plain frame around a picture: its width in pixels on each side, 0 where there is none."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0

    def __bool__(self) -> bool:
        return any((self.top, self.right, self.bottom, self.left))

    def sides(self) -> dict[str, int]:
        """The width by side, for the sides that have a border."""
        found = {"top": self.top, "right": self.right, "bottom": self.bottom, "left": self.left}
        return {side: width for side, width in found.items() if width}

    def plus(self, inner: "Border") -> "Border":
        """The sum of this border and an inner one, which was found in the picture without this border."""
        return Border(
            top=self.top + inner.top,
            right=self.right + inner.right,
            bottom=self.bottom + inner.bottom,
            left=self.left + inner.left,
        )

    def inside(self, pixels: NDArray[np.uint8]) -> int:
        """The area in pixels that the border leaves of a picture H W 3, 0 when nothing is left."""
        height, width = pixels.shape[:2]
        area: int = max(height - self.top - self.bottom, 0) * max(width - self.left - self.right, 0)
        return area

    def cut(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture H W 3 without the border."""
        height, width = pixels.shape[:2]
        return pixels[self.top : height - self.bottom, self.left : width - self.right]


def find_border(pixels: NDArray[np.uint8]) -> Border:
    """Finds the border around a picture, uint8 H W 3. It may have several rings, each of one colour.

    A side has a border when its outermost rows have one colour and most of the next row suddenly has other colours. A
    clear sky has one colour, too, but it ends gradually.
    """
    border = Border()
    for _ in range(_MAX_RINGS):
        ring = _ring(border.cut(pixels))
        if not ring or border.plus(ring).inside(pixels) < _MIN_INSIDE * pixels.shape[0] * pixels.shape[1]:
            break
        border = border.plus(ring)
    return border


def _ring(pixels: NDArray[np.uint8]) -> Border:
    """Finds the outermost ring of a border."""
    turned = pixels.transpose(1, 0, 2)
    rows, columns = (pixels, pixels[::-1]), (turned, turned[::-1])
    top, bottom = map(_plain_rows, rows)
    left, right = map(_plain_rows, columns)
    # The picture fills only a part of the row behind a border: the rest is border of the neighbouring sides.
    across = slice(left, pixels.shape[1] - right)
    down = slice(top, pixels.shape[0] - bottom)
    top, bottom = (_checked(side, width, across) for side, width in zip(rows, (top, bottom), strict=True))
    left, right = (_checked(side, width, down) for side, width in zip(columns, (left, right), strict=True))
    return Border(top=top, right=right, bottom=bottom, left=left)


def _plain_rows(pixels: NDArray[np.uint8]) -> int:
    """How many rows, from the first one on, have the colour of the first one.

    0 when the first row has several colours, and when more rows are plain than a border may have.
    """
    if not _plain(_distance(pixels[:1], _colour(pixels)))[0]:  # the common case, found fast
        return 0
    most = int(len(pixels) * _MAX_WIDTH)
    distance = _distance(pixels[: most + 1], _colour(pixels))
    plain = _plain(distance)
    return 0 if plain.all() else int(np.argmin(plain))


def _plain(distance: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Whether each row, given by distances H W from a colour, has that colour throughout, apart from JPEG artefacts."""
    plain: NDArray[np.bool_] = (_median(distance) <= _MAX_ROW_DISTANCE) & (
        np.count_nonzero(distance > _PICTURE_DISTANCE, axis=1) < _MAX_RINGING * distance.shape[1]
    )
    return plain


def _median(values: NDArray[np.int16]) -> NDArray[np.float64]:
    """The median of each row, H W -> H, as `np.median` gives it, which takes several times as long for a short row."""
    ordered, count = np.sort(values, axis=1), values.shape[1]
    middle: NDArray[np.float64] = (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2
    return middle


def _checked(pixels: NDArray[np.uint8], width: int, extent: slice) -> int:
    """The width of the border on one side, or 0 when its `width` plain rows are no border.

    Plain rows are a border when the picture begins right behind them and when they don't change in colour far from the
    picture. `extent` is the part of a row that the picture fills.
    """
    behind = pixels[width : width + _BLENDED + 1, extent]
    if width == 0 or behind.shape[1] == 0 or len(behind) <= _BLENDED:
        return 0
    far = width - 1 - _FAR
    if far >= 0 and _median(_distance(pixels[far : far + 1, extent], _colour(pixels)))[0] > _MAX_FAR_ROW_DISTANCE:
        return 0
    distance = _distance(behind, _colour(pixels))
    begins = (distance > _PICTURE_DISTANCE).mean(axis=1) >= _MIN_PICTURE
    # One row more is cut, since the border may still shine through.
    return width + int(np.argmax(begins)) + 1 if begins.any() else 0


def _colour(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The median colour of the first row."""
    colour: NDArray[np.int16] = _median(pixels[0].T.astype(np.int16)).astype(np.int16)
    return colour


def _distance(pixels: NDArray[np.uint8], colour: NDArray[np.int16]) -> NDArray[np.int16]:
    """The distance of each pixel from a colour, the largest over the channels: H W 3 -> H W."""
    difference = np.abs(pixels.astype(np.int16) - colour)
    red, green, blue = difference[..., 0], difference[..., 1], difference[..., 2]
    distance: NDArray[np.int16] = np.maximum(np.maximum(red, green), blue)
    return distance


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
