"""PNG and TIFF files of any depth, written byte by byte: Pillow writes few of them."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

Entry = tuple[int, str, Sequence[int]]
_TYPES = {"H": 3, "I": 4}


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(values: np.ndarray, extra: bytes = b"") -> bytes:
    """H W or H W C (grey, grey and alpha, RGB, RGBA) of 16 bits."""
    height, width, channels = (*values.shape, 1)[:3]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values.reshape(height, -1))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(
    values: np.ndarray, *, photometric: int | None = None, planes: bool = False, packed: bool = False, **tags: int
) -> bytes:
    """H W or H W C of any type. The order of its bytes is that of the file; `tags` are named like t281=4095."""
    order = ">" if values.dtype.byteorder == ">" else "<"
    height, width, channels = (*values.shape, 1)[:3]
    parts = [values[..., band] for band in range(channels)] if planes else [values]
    data = [zlib.compress(part.tobytes()) if packed else part.tobytes() for part in parts]
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    entries: list[Entry] = [
        *[(256, "I", [width]), (257, "I", [height]), (258, "H", [values.itemsize * 8] * channels)],
        *[(259, "H", [8 if packed else 1]), (277, "H", [channels]), (278, "I", [height])],
        *[(284, "H", [1 + planes]), (339, "H", [kind] * channels)],
        (262, "H", [photometric if photometric is not None else 2 if channels > 2 else 1]),
        *[(int(name[1:]), "H", [value]) for name, value in tags.items()],
    ]
    if channels in (2, 4) and photometric != 5:
        entries.append((338, "H", [2]))
    return _file(order, entries, data)


def _file(order: str, entries: list[Entry], data: list[bytes]) -> bytes:
    size = 8 + 2 + 12 * (len(entries) + 2) + 4
    places = sorted([*entries, (273, "I", [0] * len(data)), (279, "I", [len(part) for part in data])])
    start = size + sum(len(content) for _, _, content in (_entry(order, one) for one in places) if len(content) > 4)
    starts = [start + sum(map(len, data[:number])) for number in range(len(data))]
    directory, more = b"", b""
    for tag, form, values in places:
        number, count, content = _entry(order, (tag, form, starts if tag == 273 else values))
        where = struct.pack(order + "I", size + len(more)) if len(content) > 4 else content.ljust(4, b"\0")
        more += content if len(content) > 4 else b""
        directory += struct.pack(order + "HHI", tag, number, count) + where
    header = struct.pack(order + "2sHIH", b"II" if order == "<" else b"MM", 42, 8, len(places))
    return header + directory + bytes(4) + more + b"".join(data)


def _entry(order: str, entry: Entry) -> tuple[int, int, bytes]:
    _, form, values = entry
    return _TYPES[form], len(values), struct.pack(f"{order}{len(values)}{form}", *values)
