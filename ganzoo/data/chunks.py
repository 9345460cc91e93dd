"""The chunks that a PNG consists of."""

import struct
from collections.abc import Iterator


def png_chunks(png: bytes, *, until: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
    """The name and the content of each chunk, up to the first that is named `until`. A file may be cut off anywhere."""
    place = 8
    while place + 8 <= len(png):
        length, name = struct.unpack_from(">I4s", png, place)
        if name == until:
            return
        yield name, png[place + 8 : place + 8 + length]
        place += length + 12
