"""Paints coarse to fine: a small copy of the picture for large strokes, then larger copies for ever smaller ones."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image

from ganzoo.stylize.pixels import Pixels

Paint = Callable[[Pixels], Pixels]
"""Pixels H W 3 -> the same translated, in one pass."""
_LEAST_GROWTH, _GROWTH = 1.4, 3.0
"""How many times as large as the copy before a copy is: at least, and at most."""
_STRIP = 256
"""Rows that are computed at once."""


def first_side(height: int, width: int, view: float) -> float:
    """The shorter side of the first copy: it covers as much as a square with sides of `view` pixels.

    A wide picture is looked at whole as a square one is, on as much of a wall or a screen.
    """
    return view * math.sqrt(min(height, width) / max(height, width))


def sides(shorter: int, first: float) -> list[int]:
    """The shorter sides of the copies that are painted, in even steps; the last is that of the picture."""
    growth = shorter / max(1.0, first)
    if growth < _LEAST_GROWTH:
        return [shorter]
    steps = math.ceil(math.log(growth, _GROWTH))
    return [round(shorter / growth ** ((steps - step) / steps)) for step in range(steps)] + [shorter]


def stroke_of(work_size: int, whole_view: int) -> float:
    """The stroke that the old option `work_size` stands for; 0 was one pass, as with a very small stroke."""
    return whole_view / (work_size or 1 << 20)


def coarse_to_fine(photo: Pixels, copies: list[int], paint: Paint, detail: float) -> Pixels:
    """Paints copies with these shorter sides, each over the one before, and returns the last.

    `detail` says how much of what a copy shows beyond the one before is laid over the painting before the next pass.
    """
    height, width = photo.shape[:2]
    photos = [photo]
    for side in reversed(copies[:-1]):
        factor = side / min(height, width)
        photos.insert(0, _resized(photos[0], (max(1, round(height * factor)), max(1, round(width * factor)))))
    painting = paint(photos[0])
    for coarse, fine in pairwise(photos):
        painting = _finer(coarse, fine, painting, paint, detail)
    return painting


def _finer(coarse: Pixels, fine: Pixels, painting: Pixels, paint: Paint, detail: float) -> Pixels:
    """The next painting: its large shapes are those of the one before, its small ones those of another pass."""
    size = fine.shape[:2]
    painted = paint(_sum(_resized(painting, size), fine, _resized(coarse, size), detail))
    # Enlarged once more, since memory would have to hold it all the while that the network paints.
    own = _resized(_resized(painted, painting.shape[:2]), size)
    return _sum(painted, _resized(painting, size), own, 1.0)


def _sum(base: Pixels, plus: Pixels, minus: Pixels, amount: float) -> Pixels:
    """Adds `amount` times a difference, some rows at a time to save memory."""
    result = np.empty_like(base)
    for top in range(0, len(base), _STRIP):
        rows = slice(top, top + _STRIP)
        change = plus[rows].astype(np.float32) - minus[rows]
        result[rows] = np.clip(np.rint(base[rows] + amount * change), 0, 255)
    return result


def _resized(pixels: Pixels, size: tuple[int, ...]) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BICUBIC))
