"""Writes animated PNG files frame by frame; Pillow's writer holds all frames in memory, and joins equal ones."""

import zlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image

from ganzoo.data.chunks import png_chunks

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HIGHEST = 65535


def write_apng(
    frames: Iterable[Image.Image],
    delays: Sequence[float],
    file: BinaryIO,
    *,
    plays: int,
    poster: bool,
    options: dict[str, Any],
) -> None:
    """Writes frames of one mode and size, each with its milliseconds; `plays` 0 shows them for ever.

    `options` are those of Pillow for a PNG. With `poster`, the first frame is shown only where animations are not.
    """
    counter = 0
    for number, (image, delay) in enumerate(zip(frames, delays, strict=True)):
        buffer = BytesIO()
        image.save(buffer, "PNG", **(options if number == 0 else {}))
        chunks = list(png_chunks(buffer.getvalue()))
        if number == 0:
            file.write(_SIGNATURE + _chunk(*chunks[0]))
            file.write(_chunk(b"acTL", _number(len(delays) - poster) + _number(plays)))
            for name, content in chunks[1:]:
                if name == b"IDAT":
                    break
                file.write(_chunk(name, content))
        if number or not poster:
            file.write(_chunk(b"fcTL", _number(counter) + _control(image, delay)))
            counter += 1
        for content in (content for name, content in chunks if name == b"IDAT"):
            if number == 0:
                file.write(_chunk(b"IDAT", content))
            else:
                file.write(_chunk(b"fdAT", _number(counter) + content))
                counter += 1
    file.write(_chunk(b"IEND", b""))


def _control(image: Image.Image, delay: float) -> bytes:
    """Size, place and time of a frame that replaces the one before it."""
    seconds = Fraction(delay / 1000).limit_denominator(_HIGHEST)
    above, below = min(seconds.numerator, _HIGHEST), seconds.denominator
    if seconds.numerator > _HIGHEST:
        above, below = min(round(delay / 1000), _HIGHEST), 1
    times = above.to_bytes(2, "big") + below.to_bytes(2, "big")
    return _number(image.width) + _number(image.height) + bytes(8) + times + bytes(2)


def _chunk(name: bytes, content: bytes) -> bytes:
    return _number(len(content)) + name + content + _number(zlib.crc32(name + content))


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")
