"""What can be measured on one picture: border, greyness, colour, perceptual hash, and the quality of its JPEG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMB = 32
"""Sides of the small square copy from which the hash and all comparisons are made."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_SILENT = 0.01
"""A frequency below this is none, but a rounding error."""
_SAME = 6
"""Largest median distance of a border's row from its colour, in levels of 255: JPEG does not move it farther."""
_STEADY = 2
"""The same for a row far from the picture; a sky drifts farther."""
_FAR = 12
"""Rows from the picture beyond which JPEG does not ring, its blocks (and often a resize) between them."""
_STRAY = 0.1
"""Share of a border's row that the picture may ring into."""
_OTHER = 24
"""From this distance on, a pixel belongs to the picture and not to the border."""
_BEGINS = 0.6
"""The share of the first row behind a frame that must be picture."""
_BLENDED = 2
"""Rows between frame and picture that a resize may have blended."""
_WIDEST = 0.45
_RINGS = 4
_LEAST = 0.1
"""The share of the area that must be left inside of a frame."""
_GREY_SPREAD = 8
_GREY_SHARE = 0.995

# The luminance table of the JPEG standard (ITU-T T.81, table K.1), which encoders scale by their quality.
_TABLE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Border:
    """A frame of one colour around a picture: how many pixels wide on each side, 0 where there is none."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0

    def __bool__(self) -> bool:
        return any((self.top, self.right, self.bottom, self.left))

    def sides(self) -> dict[str, int]:
        """Width by side, of the sides that have one."""
        found = {"top": self.top, "right": self.right, "bottom": self.bottom, "left": self.left}
        return {side: width for side, width in found.items() if width}

    def plus(self, inner: "Border") -> "Border":
        """Both together, the inner one found in what the outer one left."""
        return Border(
            top=self.top + inner.top,
            right=self.right + inner.right,
            bottom=self.bottom + inner.bottom,
            left=self.left + inner.left,
        )

    def inside(self, pixels: NDArray[np.uint8]) -> int:
        """The area that it leaves of a picture H W 3, 0 when nothing is left."""
        height, width = pixels.shape[:2]
        area: int = max(height - self.top - self.bottom, 0) * max(width - self.left - self.right, 0)
        return area

    def cut(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture H W 3 without it."""
        height, width = pixels.shape[:2]
        return pixels[self.top : height - self.bottom, self.left : width - self.right]


def find_border(pixels: NDArray[np.uint8]) -> Border:
    """The frame around a picture, uint8 H W 3; a frame may have several rings of one colour each.

    A side counts when its outermost rows have one colour and most of the next row has another one all at once: a
    clear sky is of one colour too, but ends bit by bit.
    """
    border = Border()
    for _ in range(_RINGS):
        ring = _ring(border.cut(pixels))
        if not ring or border.plus(ring).inside(pixels) < _LEAST * pixels.shape[0] * pixels.shape[1]:
            break
        border = border.plus(ring)
    return border


def _ring(pixels: NDArray[np.uint8]) -> Border:
    turned = pixels.transpose(1, 0, 2)
    rows, columns = (pixels, pixels[::-1]), (turned, turned[::-1])
    top, bottom = map(_plain_rows, rows)
    left, right = map(_plain_rows, columns)
    # Where a picture lies inside a frame, only its own part of a row can differ from the frame.
    across = slice(left, pixels.shape[1] - right)
    down = slice(top, pixels.shape[0] - bottom)
    top, bottom = (_checked(side, width, across) for side, width in zip(rows, (top, bottom), strict=True))
    left, right = (_checked(side, width, down) for side, width in zip(columns, (left, right), strict=True))
    return Border(top=top, right=right, bottom=bottom, left=left)


def _plain_rows(pixels: NDArray[np.uint8]) -> int:
    """How many rows at the front have the colour of the first one, but for what JPEG rings into them."""
    if not _plain(_distance(pixels[:1], _colour(pixels)))[0]:  # so with nearly every photo
        return 0
    most = int(len(pixels) * _WIDEST)
    distance = _distance(pixels[: most + 1], _colour(pixels))
    plain = _plain(distance)
    return 0 if plain.all() else int(np.argmin(plain))


def _plain(distance: NDArray[np.int16]) -> NDArray[np.bool_]:
    """For each row of distances from a colour whether it is all of that colour, but for what JPEG does."""
    plain: NDArray[np.bool_] = (np.median(distance, axis=1) <= _SAME) & ((distance > _OTHER).mean(axis=1) < _STRAY)
    return plain


def _checked(pixels: NDArray[np.uint8], width: int, extent: slice) -> int:
    """The number of rows of a frame, 0 when the picture does not begin at once behind them."""
    behind = pixels[width : width + _BLENDED + 1, extent]
    if width == 0 or behind.shape[1] == 0 or len(behind) <= _BLENDED:
        return 0
    before = width - 1 - _FAR
    if before >= 0 and np.median(_distance(pixels[before : before + 1, extent], _colour(pixels))) > _STEADY:
        return 0
    distance = _distance(behind, _colour(pixels))
    begins = (distance > _OTHER).mean(axis=1) >= _BEGINS
    # One row more than that, since it may still shine through.
    return width + int(np.argmax(begins)) + 1 if begins.any() else 0


def _colour(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    colour: NDArray[np.int16] = np.median(pixels[0], axis=0).astype(np.int16)
    return colour


def _distance(pixels: NDArray[np.uint8], colour: NDArray[np.int16]) -> NDArray[np.int16]:
    """Of each pixel from the colour, the largest over the channels; H W."""
    apart = np.abs(pixels.astype(np.int16) - colour)
    distance: NDArray[np.int16] = np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2])
    return distance


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Whether (almost) every pixel has three equal channels, but for what JPEG does to them."""
    red, green, blue = (pixels[::2, ::2, channel].astype(np.int16) for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool((spread <= _GREY_SPREAD).mean() >= _GREY_SHARE)


def lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """SRGB as uint8 … 3 to CIE L*a*b* (white point D65): L in 0 … 100, a and b about -100 … 100."""
    linear = _LINEAR[pixels] @ _XYZ.T
    bent = np.where(linear > 216 / 24389, np.cbrt(linear), linear * (24389 / 27 / 116) + 16 / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    result: NDArray[np.float32] = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
    return result


def _linear() -> NDArray[np.float32]:
    value = np.arange(256, dtype=np.float64) / 255
    return np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92).astype(np.float32)


_LINEAR = _linear()
_WHITE = np.array([[0.95047], [1.0], [1.08883]])
_XYZ = (
    np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    / _WHITE
).astype(np.float32)


def brightness(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma of sRGB pixels, uint8 … 3 -> … in 0 … 255."""
    luma: NDArray[np.float32] = pixels @ _LUMA
    return luma


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture squeezed into a square, uint8 THUMB THUMB 3."""
    return np.asarray(Image.fromarray(pixels).resize((THUMB, THUMB), Image.Resampling.BOX))


def _cosines() -> NDArray[np.float32]:
    """The first eight rows of the orthonormal DCT-II, 8 THUMB."""
    frequency, position = np.arange(8)[:, None], np.arange(THUMB)[None, :]
    rows = np.cos(np.pi * frequency * (2 * position + 1) / (2 * THUMB)) * np.sqrt(2 / THUMB)
    result: NDArray[np.float32] = rows.astype(np.float32)
    return result


_COSINES = _cosines()


def perceptual_hash(thumb: NDArray[np.uint8]) -> int:
    """64 bits: the signs of the 8 x 8 lowest frequencies of the brightness; the first one, the mean, is always 0.

    Signs don't change with brightness, contrast, size or encoding. Mirroring changes the signs of odd columns only.
    """
    waves = _COSINES @ brightness(thumb) @ _COSINES.T
    waves[0, 0] = 0
    return int.from_bytes(np.packbits(waves.reshape(-1) > _SILENT).tobytes(), "big")


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality 1 … 100 that an encoder of the IJG's family was asked for, from the first quantisation table.

    Such encoders multiply the standard's table by (200 - 2q) %, or by (5000 / q) % below 50, clipped to 1 … 255. The
    quality whose table has the nearest sum is given; for other encoders' tables that is a comparable strength.
    """
    if 0 not in tables:
        return None
    total = sum(tables[0])
    return min(range(1, 101), key=lambda quality: (abs(_SUMS[quality] - total), -quality))


def _scaled_sum(quality: int) -> int:
    scale = 200 - 2 * quality if quality >= 50 else 5000 // quality
    return sum(min(max((value * scale + 50) // 100, 1), 255) for value in _TABLE)


_SUMS = {quality: _scaled_sum(quality) for quality in range(1, 101)}
