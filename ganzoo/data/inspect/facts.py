"""The facts about one picture, from one read of its file."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.config.units import Size
from ganzoo.data.decode import ORIENTATION, SIDEWAYS, decode_at
from ganzoo.data.inspect.border import Border, find_border
from ganzoo.data.inspect.measure import (
    is_grey,
    jpeg_quality,
    lab,
    perceptual_hash,
    thumbnail,
)

Side = Literal["data", "style", "held-out"]
Triple = tuple[float, float, float]

LOOKED_AT = 256
"""Pictures are measured at this longer side in pixels, smaller ones as they are."""
_BLANK = 1.0
"""A picture in which L*, a* and b* all have a smaller standard deviation is of one colour."""
Thumb = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts about one picture, from its header and its pixels.

    `width` and `height` are those of the upright picture, and 0 when the header can't be read. `border` is in the same
    pixels. `turned` says whether EXIF turns the picture. `quality` is that of a JPEG. `lab_mean` and `lab_std` are the
    mean and standard deviation of the pixels in CIE L*a*b*. `problem` says why the picture can't be used. It then lacks
    all facts from pixels.
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
        """Whether the picture can be used in training."""
        return not self.problem

    @property
    def blank(self) -> bool:
        """Whether the whole picture has one colour."""
        return self.usable and max(self.lab_std) < _BLANK

    def to_json(self) -> dict[str, object]:
        """The facts as JSON can hold them, the hash in hexadecimal."""
        known = {key: value for key, value in vars(self).items() if key not in ("border", "hash")}
        border = {"border": self.border.sides(), "hash": f"{self.hash:016x}"}
        return {**known, "name": printable(self.name), **(border if self.usable else {})}


def printable(name: str) -> str:
    """A file's name as text that can always be encoded. Bytes that are not UTF-8 become escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def look(side: Side, name: str, data: bytes) -> tuple[Facts, Thumb | None]:
    """The facts about a file's content, and its small copy if it can be used. Never raises, whatever the file holds."""
    stored = {"side": side, "name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    header: dict[str, object] = {}

    def looked_at(image: Image.Image) -> Size:
        header.update(_header(image))
        width, height = _upright_size(header)
        longer = max(width, height, LOOKED_AT)
        return Size(round(height * LOOKED_AT / longer) or 1, round(width * LOOKED_AT / longer))

    try:
        pixels, notes = decode_at(data, looked_at)
    except ValueError as error:
        return Facts(**stored, **header, problem=str(error)), None  # type: ignore[arg-type]  # as the fields say
    measured, thumb = measure(pixels, _upright_size(header)[0] / pixels.shape[1])
    return Facts(**stored, **header, **measured, notes=notes), thumb  # type: ignore[arg-type]


def measure(pixels: NDArray[np.uint8], scale: float = 1.0) -> tuple[dict[str, object], Thumb]:
    """The facts from the pixels of an upright picture, as fields of `Facts`, and its small copy.

    `scale` is the number of original pixels per given pixel, along a side.
    """
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
    """The size of an opened picture once it is turned as its EXIF says."""
    return Size(*reversed(_upright_size(_header(image))))


def _header(image: Image.Image) -> dict[str, object]:
    orientation = _orientation(image)
    width, height = reversed(image.size) if orientation in SIDEWAYS else image.size
    tables: Mapping[int, Sequence[int]] = getattr(image, "quantization", {})
    return {
        "format": image.format or "",
        "mode": image.mode,
        "width": width,
        "height": height,
        "turned": orientation > 1,
        "quality": jpeg_quality(tables) if image.format in ("JPEG", "MPO") else None,
    }


def _upright_size(header: Mapping[str, object]) -> tuple[int, int]:
    width, height = header["width"], header["height"]
    assert isinstance(width, int) and isinstance(height, int)
    return width, height


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF; `decode` ignores it, too
        return 1
    return value if value in range(1, 9) else 1


def _triple(values: NDArray[np.float32]) -> Triple:
    first, second, third = (round(float(value), 2) for value in values)
    return first, second, third
