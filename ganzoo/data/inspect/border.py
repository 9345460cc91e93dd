"""Finds the plain border around a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
