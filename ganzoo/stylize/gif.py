"""Writes GIF files frame by frame, each with the palette that suits it."""

import math
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from PIL import GifImagePlugin, Image

_COLOURS = 256
_SAMPLE = 65_536
"""Pixels from which a palette is made; more take long and change little."""
_CLEAR = 2
"""A frame's disposal that clears its place before the next one is shown."""


def write_gif(
    frames: Iterable[tuple[Image.Image, float]], file: BinaryIO, *, plays: int = 1, comment: bytes | None = None
) -> None:
    """Writes frames RGB or RGBA, each with its time in milliseconds; `plays` 0 shows them for ever.

    A palette has 256 colours, one of which is for pixels that are less than half opaque. Memory holds one frame.
    """
    begun = False
    for image, milliseconds in frames:
        if not begun:
            file.write(_head(image, plays, comment))
            begun = True
        picture, transparent = with_palette(image)
        delay = 10 * max(0, min(65535, round(milliseconds / 10)))
        more: dict[str, Any] = {"duration": delay, "disposal": _CLEAR, "include_color_table": True}
        if transparent is not None:
            more["transparency"] = transparent
        for part in GifImagePlugin.getdata(picture, **more):
            file.write(part)
    file.write(b";")


def _head(image: Image.Image, plays: int, comment: bytes | None) -> bytes:
    head = b"GIF89a" + image.width.to_bytes(2, "little") + image.height.to_bytes(2, "little") + bytes((0, 0, 0))
    if plays != 1:  # the file says how often it is repeated
        head += b"!\xff\x0bNETSCAPE2.0\x03\x01" + max(0, min(65535, plays - 1)).to_bytes(2, "little") + b"\0"
    if comment:
        blocks = (comment[start : start + 255] for start in range(0, len(comment), 255))
        head += b"!\xfe" + b"".join(bytes((len(block),)) + block for block in blocks) + b"\0"
    return head


def with_palette(image: Image.Image) -> tuple[Image.Image, int | None]:
    """The picture with a palette made for it, and the index of its transparent colour, None if it is opaque."""
    pixels = np.array(image.convert("RGB"))
    hidden = np.asarray(image.getchannel("A")) < 128 if image.mode == "RGBA" else np.zeros(pixels.shape[:2], bool)
    colours = _COLOURS
    if hidden.any():
        colours -= 1
        pixels[hidden] = pixels[~hidden][0] if not hidden.all() else 0
    picture = Image.fromarray(pixels)
    if picture.getcolors(colours) is None:
        step = math.ceil(math.sqrt(hidden.size / _SAMPLE))
        palette = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step])).quantize(colours, kmeans=1)
        # Without dithering, which would flicker from frame to frame.
        picture = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        table, indices = picture.getpalette() or [], np.array(picture)
    else:  # Pillow would map some of the few colours to their neighbours
        values, indices = np.unique(pixels.astype(np.int32) @ (65536, 256, 1), return_inverse=True)
        table = [value >> shift & 255 for value in values.tolist() for shift in (16, 8, 0)]
    indices = indices.reshape(hidden.shape)
    picture = Image.fromarray(np.where(hidden, colours, indices).astype(np.uint8))
    picture.putpalette((table + [0] * 3 * _COLOURS)[: 3 * _COLOURS])
    return picture, colours if colours < _COLOURS else None
