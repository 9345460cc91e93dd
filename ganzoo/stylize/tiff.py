"""Writes pages of TIFF files with the compression of their source and all that is kept of its metadata."""

from collections.abc import Iterable
from io import SEEK_END, BytesIO
from itertools import accumulate
from typing import BinaryIO

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

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
QUALITY = 95
"""That of compression by JPEG, of 100."""
_CLASSIC = b"II\x2a\0\x08\0\0\0"
_BIG = b"II\x2b\0\x08\0\0\0\x10" + bytes(7)
Page = tuple[Image.Image, Metadata, bytes | None]
"""A picture in RGB or RGBA, what its source carried, and its colour profile."""


def write_pages(pages: Iterable[Page], file: BinaryIO, *, size: int) -> tuple[str, ...]:
    """Writes one page after the other, of `size` bytes of pixels in all. Returns what is not kept.

    Pillow's own writer of pages walks through all directories before it adds one.
    """
    big = size > _LIMIT
    notes: dict[str, None] = {}
    file.write(_BIG if big else _CLASSIC)
    link = None  # the place in the last directory that says where the next one lies
    for image, metadata, profile in pages:
        directory, strips, lost = _page(image, metadata, profile, big=big)
        notes.update(dict.fromkeys(lost))
        start = file.seek(0, SEEK_END)
        entries = directory.tobytes(start)
        for part in (entries, *strips):
            file.write(part)
        file.write(bytes(file.seek(0, SEEK_END) % 2))  # directories begin at even places
        if link is not None:
            file.seek(link)
            file.write(start.to_bytes(8 if big else 4, "little"))
        link = start + (8 + 20 * len(directory) if big else 2 + 12 * len(directory))
    return tuple(notes)


def _page(
    image: Image.Image, metadata: Metadata, profile: bytes | None, *, big: bool
) -> tuple[ImageFileDirectory_v2, list[bytes], list[str]]:
    """The page's directory, its pixels, and what is not kept.

    Pillow compresses the pixels, then its directory is made anew, as it can't put those of EXIF and GPS beside
    compressed pixels.
    """
    wanted = metadata.compression or "raw"
    compression = _SAME.get(wanted, wanted)
    notes = []
    if compression not in _KEPT or (compression == "jpeg" and image.mode != "RGB"):
        notes.append(f"compressed by Deflate, as {wanted} can't hold {image.mode}")
        compression = _DEFLATE
    buffer = BytesIO()
    image.save(buffer, "TIFF", compression=compression, **({"quality": QUALITY} if compression == "jpeg" else {}))
    with Image.open(buffer, formats=["TIFF"]) as coded:
        tags: ImageFileDirectory_v2 = coded.tag_v2  # type: ignore[attr-defined]
        data = buffer.getvalue()
        strips = [data[start : start + size] for start, size in zip(tags[_OFFSETS], tags[_SIZES], strict=True)]
        directory = ImageFileDirectory_v2(_BIG if big else _CLASSIC)
        for tag in tags:
            directory.tagtype[tag] = tags.tagtype[tag]
            directory[tag] = tags[tag]
    directory.tagtype[_OFFSETS] = _LONG8 if big else _LONG
    directory[_OFFSETS] = tuple(accumulate((len(strip) for strip in strips[:-1]), initial=0))
    _describe(directory, metadata, profile)
    return directory, strips, notes


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
