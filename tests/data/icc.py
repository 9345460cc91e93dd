"""Colour profiles made byte by byte: Adobe RGB (1998), linear sRGB, and linear grey."""

import struct
from collections.abc import Mapping


def _number(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_number, values))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _text(name: str) -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + b"\0" + bytes(78)


def _profile(space: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    white = _xyz(0.9642, 1.0, 0.8249)
    content = {**tags, b"wtpt": white, b"cprt": b"text\0\0\0\0none\0"}
    start = 128 + 4 + 12 * len(content)
    table, body = struct.pack(">I", len(content)), b""
    for name, data in content.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    header[8:12], header[12:24], header[36:40] = b"\x02\x20\0\0", b"mntr" + space + b"XYZ ", b"acsp"
    header[68:80] = white[8:]
    header[0:4] = struct.pack(">I", start + len(body))
    return bytes(header) + table + body


def _display(name: str, red: bytes, green: bytes, blue: bytes, gamma: float) -> bytes:
    curve = _curve(gamma)
    columns = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
    return _profile(b"RGB ", {b"desc": _text(name), **columns, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


ADOBE_RGB = _display(
    "Adobe RGB (1998)",
    *(_xyz(0.60974, 0.31111, 0.01947), _xyz(0.20528, 0.62567, 0.06087), _xyz(0.14919, 0.06322, 0.74457)),
    gamma=2.19921875,
)
LINEAR = _display(
    "sRGB, linear light",
    *(_xyz(0.43607, 0.22249, 0.01392), _xyz(0.38515, 0.71687, 0.09708), _xyz(0.14307, 0.06061, 0.71410)),
    gamma=1.0,
)
GREY = _profile(b"GRAY", {b"desc": _text("linear grey"), b"kTRC": _curve(1.0)})
