"""Sample grids as small pictures inside the page."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from ganzoo.io.untrusted import read_bytes

T = TypeVar("T")
MOST_FRAMES = 24
BUDGET = 3_000_000
"""Bytes of all pictures of one page before base64, which makes them a third larger."""
_ATTEMPTS = ((1100, 82), (1100, 70), (800, 75), (640, 70), (480, 65), (360, 60), (240, 50), (160, 40))
"""Longest side and WebP quality, tried until a picture is small enough."""
_SIZE = re.compile(r"([1-9][0-9]{0,4})(?:x([1-9][0-9]{0,4}))?")
_SAMPLE = re.compile(r"step-([0-9]{1,12})\.png")
MARGIN = 2
"""White pixels between the pictures of a grid, as ganzoo.data.images draws them."""
_MOST_BYTES, _MOST_PIXELS = 256_000_000, 64_000_000
_PIXELATED = 400
"""Narrower grids are shown enlarged, with their pixels as squares."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One grid of samples; `at` is where the slider shows it, from then on."""

    step: int
    at: float
    label: str
    uri: str
    width: int
    height: int

    @property
    def pixelated(self) -> bool:
        """Whether it is so small that it is shown enlarged."""
        return self.width < _PIXELATED


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """The photos of a grid and what became of them, each a grid of the same size."""

    before: Frame
    after: Frame


def before_after(path: Path, size: str, *, limit: int) -> BeforeAfter | None:
    """The two sides of a translator's grid, in which photos of that size ("96x96") and paintings alternate.

    None for a damaged file and for one with another layout.
    """
    shape = _SIZE.fullmatch(size)
    if shape is None:
        return None
    height, width = (int(side or shape[1]) + MARGIN for side in shape.groups())
    sheet = _opened(path)
    if sheet is None:
        return None
    columns = (sheet.width - MARGIN) // width
    if columns < 2 or columns % 2 or (sheet.width - MARGIN) % width or (sheet.height - MARGIN) % height:
        return None
    sides = []
    for side in (0, 1):
        half = Image.new("RGB", (columns // 2 * width + MARGIN, sheet.height), "white")
        for number in range(columns // 2):
            left = (2 * number + side) * width
            half.paste(sheet.crop((left, 0, left + width + MARGIN, sheet.height)), (number * width, 0))
        sides.append(_frame(half, step=0, at=0, label="", limit=limit))
    return BeforeAfter(before=sides[0], after=sides[1])


def sample_files(run: Path) -> list[tuple[int, Path]]:
    """The sample grids of a run with their steps, oldest first."""
    files = (run / "samples").glob("step-*.png")
    return sorted((int(match[1]), path) for path in files if (match := _SAMPLE.fullmatch(path.name)))


def spread_out(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of the items, evenly spread, the first and the last among them; one is the last."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[-1]]
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def frame(path: Path, *, step: int, at: float, label: str, limit: int) -> Frame | None:
    """The picture as WebP of at most `limit` bytes if its smallest form fits; None for a damaged file."""
    picture = _opened(path)
    if picture is None:
        return None  # one damaged picture is no reason to go without a report
    return _frame(picture, step=step, at=at, label=label, limit=limit)


def _opened(path: Path) -> Image.Image | None:
    """The picture of a PNG; None for a damaged file, for any other kind, and for one whose header is beyond belief."""
    try:
        data = io.BytesIO(read_bytes(path, _MOST_BYTES))
        # As PNG alone: of what is only called so, Pillow starts another program for some kinds.
        with Image.open(data, formats=("PNG",)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return None
            return opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _frame(picture: Image.Image, *, step: int, at: float, label: str, limit: int) -> Frame:
    for side, quality in _ATTEMPTS:
        small, data = _encoded(picture, side, quality)
        if len(data) <= limit:
            break
    uri = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    return Frame(step=step, at=at, label=label, uri=uri, width=small.width, height=small.height)


def _encoded(picture: Image.Image, side: int, quality: int) -> tuple[Image.Image, bytes]:
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=quality)
    return small, buffer.getvalue()
