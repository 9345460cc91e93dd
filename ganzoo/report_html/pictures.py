"""Sample grids as small pictures embedded in the page."""

import base64
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from ganzoo.io.untrusted import read_bytes
from ganzoo.runs.run_file import whole_view

T = TypeVar("T")
MOST_FRAMES = 24
BUDGET = 3_000_000
"""Limit in bytes for all pictures of one page, before base64 makes them a third larger."""
_ATTEMPTS = ((1100, 82), (1100, 70), (800, 75), (640, 70), (480, 65), (360, 60), (240, 50), (160, 40))
"""Longest side and WebP quality, tried in turn until a picture is small enough."""
_SIZE = re.compile(r"([1-9][0-9]{0,4})(?:x([1-9][0-9]{0,4}))?")
_SAMPLE = re.compile(r"step-([0-9]{1,12})\.png")
MARGIN = 2
"""White pixels between the pictures of a grid, as ganzoo.data.images draws them."""
_MOST_BYTES, _MOST_PIXELS = 256_000_000, 64_000_000
_PIXELATED = 400
"""Grids narrower than this are enlarged, with hard pixel edges."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One sample grid. The slider shows it from position `at` on, until the next one."""

    step: int
    at: float
    label: str
    uri: str
    width: int
    height: int

    @property
    def pixelated(self) -> bool:
        """Whether the grid is so small that the page enlarges it."""
        return self.width < _PIXELATED


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """The photos of a translator's grid and their translations, as two grids of the same size."""

    before: Frame
    after: Frame


def before_after(path: Path, size: str, *, limit: int) -> BeforeAfter | None:
    """Splits a translator's grid, whose columns alternate between photos of that size ("96x96") and paintings.

    None for a damaged file, for an invalid size, and for a grid with another layout.
    """
    shape = _SIZE.fullmatch(size)
    sheet = _opened(path) if shape else None
    if shape is None or sheet is None:
        return None
    height, width = (int(side or shape[1]) + MARGIN for side in shape.groups())
    columns = (sheet.width - MARGIN) // width
    if columns < 2 or columns % 2 or (sheet.width - MARGIN) % width or (sheet.height - MARGIN) % height:
        return None
    before, after = (
        _frame(_every_other_column(sheet, width, first), step=0, at=0, label="", limit=limit) for first in (0, 1)
    )
    return BeforeAfter(before=before, after=after)


def sizes_in_grid(content: Mapping[str, Any]) -> Iterable[str]:
    """The sizes that pictures in a translator's grid may have: whole ones after training on crops, else its size.

    Whole pictures are rounded down to a multiple that the model alone knows.
    """
    size = str(content["configuration"]["size"]["value"])
    sides = [int(side) for side in size.split("x") if side.isdecimal()]
    if content["configuration"].get("crop", {}).get("value") is not True or 0 in (sides or [0]):
        yield size
        return
    whole = [math.ceil(round(side * whole_view(content) / min(sides), 6)) for side in sides]
    for multiple in (1, 2, 4, 8, 16, 32):
        if multiple <= min(whole):
            yield "x".join(str(side // multiple * multiple) for side in whole)


def _every_other_column(sheet: Image.Image, width: int, first: int) -> Image.Image:
    """The columns first, first + 2, first + 4 … of a grid, side by side. `width` is that of one with its margin."""
    count = (sheet.width - MARGIN) // width // 2
    half = Image.new("RGB", (count * width + MARGIN, sheet.height), "white")
    for number in range(count):
        left = (2 * number + first) * width
        half.paste(sheet.crop((left, 0, left + width + MARGIN, sheet.height)), (number * width, 0))
    return half


def sample_files(run: Path) -> list[tuple[int, Path]]:
    """The sample grids of a run as (step, file), oldest first."""
    files = (run / "samples").glob("step-*.png")
    return sorted((int(match[1]), path) for path in files if (match := _SAMPLE.fullmatch(path.name)))


def spread_out(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items, evenly spread, with the first and the last among them. If `most` is 1, the last one."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[-1]]
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def frame(path: Path, *, step: int, at: float, label: str, limit: int) -> Frame | None:
    """The picture as WebP of at most `limit` bytes, or at the smallest size if even that is larger.

    None for a damaged file.
    """
    picture = _opened(path)
    if picture is None:
        return None  # the report is still useful without one picture
    return _frame(picture, step=step, at=at, label=label, limit=limit)


def _opened(path: Path) -> Image.Image | None:
    """The picture in a PNG file. None for a damaged file, another format, or a header that claims too many pixels."""
    try:
        data = io.BytesIO(read_bytes(path, _MOST_BYTES))
        # Only PNG is allowed. For some other formats Pillow starts an external program.
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
