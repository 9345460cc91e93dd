"""What is known of one picture after one look at its file."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.config.units import Size
from ganzoo.data.decode import decode, open_header
from ganzoo.data.inspect.measure import (
    Border,
    find_border,
    is_grey,
    jpeg_quality,
    lab,
    perceptual_hash,
    thumbnail,
)
from ganzoo.errors import one_line

Side = Literal["data", "style", "held-out"]
Triple = tuple[float, float, float]

LOOKED_AT = 256
"""Longer side in pixels at which pictures are measured; smaller ones as they are."""
_BLANK = 1.0
"""Largest standard deviation of L*, a* and b* of a picture in which nothing can be seen."""
_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})
Thumb = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One picture: what its file says, and what its pixels do.

    `width` and `height` are those of the upright picture, 0 when the header can't be read; `border` is in the same
    pixels. `quality` is that of a JPEG. `lab_mean` and `lab_std` are over the pixels, in CIE L*a*b*. `problem` says
    why it can't be used, and all that comes from pixels is then missing.
    """

    side: Side
    name: str
    bytes: int = 0
    sha256: str = ""
    format: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    turned: bool = False
    quality: int | None = None
    grey: bool = False
    border: Border = field(default_factory=Border)
    lab_mean: Triple = (0.0, 0.0, 0.0)
    lab_std: Triple = (0.0, 0.0, 0.0)
    chroma: float = 0.0
    hash: int = 0
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether a training would take it."""
        return not self.problem

    @property
    def blank(self) -> bool:
        """Whether it is all of one colour."""
        return self.usable and max(self.lab_std) < _BLANK

    def to_json(self) -> dict[str, object]:
        """The facts as JSON can hold them; the hash in hexadecimal."""
        known = {key: value for key, value in vars(self).items() if key not in ("border", "hash")}
        border = {"border": self.border.sides(), "hash": f"{self.hash:016x}"}
        return {**known, "name": printable(self.name), **(border if self.usable else {})}


def printable(name: str) -> str:
    """A file's name as text that can be written anywhere; bytes that are no UTF-8 become their number."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def look(side: Side, name: str, data: bytes) -> tuple[Facts, Thumb | None]:
    """The facts of a file's content, and its small copy when it can be used; never raises for what is in the file."""
    stored = {"side": side, "name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    header: Mapping[str, object] = {}
    try:
        with open_header(data) as image:
            header = _header(image)
        width, height = _upright_size(header)
        longer = max(width, height, LOOKED_AT)
        pixels, notes = decode(data, Size(round(height * LOOKED_AT / longer) or 1, round(width * LOOKED_AT / longer)))
    except ValueError as error:
        return Facts(**stored, **header, problem=str(error)), None  # type: ignore[arg-type]  # as the fields say
    except Exception as error:  # whatever a damaged header makes Pillow raise
        return Facts(**stored, **header, problem=one_line(error)), None  # type: ignore[arg-type]
    measured, thumb = measure(pixels, width / pixels.shape[1])
    return Facts(**stored, **header, **measured, notes=notes), thumb  # type: ignore[arg-type]


def measure(pixels: NDArray[np.uint8], scale: float = 1.0) -> tuple[dict[str, object], Thumb]:
    """What the pixels of an upright picture say, as fields of `Facts`; `scale` is original pixels to one of these."""
    border = find_border(pixels)
    inner = border.cut(pixels)
    thumb = thumbnail(inner)
    colours = lab(thumb)
    measured = {
        "grey": is_grey(inner),
        "border": Border(**{side: round(width * scale) for side, width in border.sides().items()}),
        "lab_mean": _triple(colours.mean(axis=(0, 1))),
        "lab_std": _triple(colours.std(axis=(0, 1))),
        "chroma": round(float(np.hypot(colours[..., 1], colours[..., 2]).mean()), 2),
        "hash": perceptual_hash(thumb),
    }
    return measured, thumb


def upright_size(image: Image.Image) -> Size:
    """The size of an opened picture after it was turned as its EXIF says."""
    return Size(*reversed(_upright_size(_header(image))))


def _header(image: Image.Image) -> dict[str, object]:
    turned = _orientation(image) in _TURNED
    width, height = reversed(image.size) if turned else image.size
    tables: Mapping[int, Sequence[int]] = getattr(image, "quantization", {})
    return {
        "format": image.format or "",
        "mode": image.mode,
        "width": width,
        "height": height,
        "turned": _orientation(image) > 1,
        "quality": jpeg_quality(tables) if image.format in ("JPEG", "MPO") else None,
    }


def _upright_size(header: Mapping[str, object]) -> tuple[int, int]:
    width, height = header["width"], header["height"]
    assert isinstance(width, int) and isinstance(height, int)
    return width, height


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF: `decode` leaves such a picture as stored too
        return 1
    return value if value in range(1, 9) else 1


def _triple(values: NDArray[np.float32]) -> Triple:
    first, second, third = (round(float(value), 2) for value in values)
    return first, second, third
