"""Sample grids as small pictures inside the page."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

T = TypeVar("T")
MOST_FRAMES = 24
BUDGET = 3_000_000
"""Bytes of all pictures of one page before base64, which makes them a third larger."""
_ATTEMPTS = ((1100, 82), (1100, 70), (800, 75), (640, 70), (480, 65), (360, 60), (240, 50), (160, 40))
"""Longest side and WebP quality, tried until a picture is small enough."""
_SAMPLE = re.compile(r"step-(\d{1,12})\.png")
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
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None  # one damaged picture is no reason to go without a report
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
