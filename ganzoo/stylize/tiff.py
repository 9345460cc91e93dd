"""Writes pages of TIFF files with the compression of their source and all that is kept of its metadata."""

from collections.abc import Iterable
from io import BytesIO
from itertools import accumulate
from typing import Any, BinaryIO

from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter, ImageFileDirectory_v2

from ganzoo.stylize.metadata import EXIF, GPS, IPTC, XMP, Metadata, inner_of

_OFFSETS, _SIZES = 273, 279
_ICC = 34675
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 282, 283, 296
_LONG, _UNDEFINED, _LONG8 = 4, 7, 16
_DEFLATE = "tiff_adobe_deflate"
_KEPT = ("raw", "packbits", "tiff_lzw", _DEFLATE, "zstd", "lzma", "jpeg")
_SAME = {"tiff_deflate": _DEFLATE, "tiff_jpeg": "jpeg"}
"""Compressions under their old numbers."""
_LIMIT = 4_000_000_000
"""Bytes of pixels that a file with 32-bit offsets may hold; others become BigTIFF."""
Page = tuple[Image.Image, Metadata, bytes | None]
"""A picture in RGB or RGBA, what its source carried, and its colour profile."""


def write_pages(pages: Iterable[Page], file: BinaryIO, *, size: int) -> tuple[str, ...]:
    """Writes one page after the other, of `size` bytes of pixels in all. Returns what is not kept."""
    notes: dict[str, None] = {}
    with AppendingTiffWriter(file) as output:
        for image, metadata, profile in pages:
            notes.update(dict.fromkeys(_write_page(image, metadata, profile, output, big=size > _LIMIT)))
            output.newFrame()
    return tuple(notes)


def _write_page(image: Image.Image, metadata: Metadata, profile: bytes | None, file: Any, *, big: bool) -> list[str]:
    """Pillow compresses the pixels, then its directory is written anew.

    Pillow itself can't write the directories of EXIF and GPS beside compressed pixels.
    """
    wanted = metadata.compression or "raw"
    compression = _SAME.get(wanted, wanted)
    notes = []
    if compression not in _KEPT or (compression == "jpeg" and image.mode != "RGB"):
        notes.append(f"compressed by Deflate, as {wanted} can't hold {image.mode}")
        compression = _DEFLATE
    buffer = BytesIO()
    image.save(buffer, "TIFF", compression=compression, **({"quality": 95} if compression == "jpeg" else {}))
    data = buffer.getbuffer()
    with Image.open(buffer, formats=["TIFF"]) as coded:
        tags: ImageFileDirectory_v2 = coded.tag_v2  # type: ignore[attr-defined]
        strips = [data[start : start + size] for start, size in zip(tags[_OFFSETS], tags[_SIZES], strict=True)]
        directory = ImageFileDirectory_v2(b"II\x2b\0\x08\0\0\0" + bytes(8) if big else b"II\x2a\0" + bytes(4))
        for tag in tags:
            directory.tagtype[tag] = tags.tagtype[tag]
            directory[tag] = tags[tag]
        directory.tagtype[_OFFSETS] = _LONG8 if big else _LONG
        directory[_OFFSETS] = tuple(accumulate((len(strip) for strip in strips[:-1]), initial=0))
        _describe(directory, metadata, profile)
        directory.save(file)
        for strip in strips:
            file.write(strip)
    return notes


def _describe(directory: ImageFileDirectory_v2, metadata: Metadata, profile: bytes | None) -> None:
    if metadata.exif:
        exif = Image.Exif()
        exif.load(metadata.exif)
        for tag in exif:
            if tag not in (EXIF, GPS):
                directory[tag] = exif[tag]
        for tag in (EXIF, GPS):
            if inner := inner_of(exif, tag):
                directory[tag] = inner
    for tag, value in ((XMP, metadata.xmp), (IPTC, metadata.iptc), (_ICC, profile)):
        if value:
            directory.tagtype[tag] = _UNDEFINED
            directory[tag] = value
    if metadata.dpi and _X_RESOLUTION not in directory:
        directory[_X_RESOLUTION], directory[_Y_RESOLUTION] = metadata.dpi
        directory[_UNIT] = 2
