"""Writes translated pictures with what their photos carried: colour profile, transparency and metadata."""

from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganzoo.errors import DataError
from ganzoo.stylize.drafts import draft_of
from ganzoo.stylize.gif import write_gif
from ganzoo.stylize.metadata import Metadata
from ganzoo.stylize.photo import Photo, in_profile
from ganzoo.stylize.tiff import QUALITY, write_pages

ENDINGS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
}
"""Endings that are written. Pictures of other kinds become PNG."""
_WITHOUT_ALPHA = ("JPEG", "BMP")
_WITHOUT_PROFILE = ("BMP", "GIF")
_LONGEST = {"JPEG": 65_500, "WEBP": 16_383, "GIF": 65_535}
"""The longest side that a format holds."""
_EFFORT = 50
"""What Pillow calls the quality of a lossless WebP, of 100. More takes three times as long and saves a thousandth."""
_SEGMENT, _XMP_SEGMENT, _IPTC_SEGMENT = 65_533, 65_504, 65_506
"""Bytes of EXIF, of XMP and of IPTC that a JPEG holds: those of a segment, less what stands before them."""


def format_of(path: Path) -> str:
    """Pillow's name of the format that a file with this ending gets."""
    return ENDINGS[path.suffix.lower()]


def check_size(path: Path, width: int, height: int) -> None:
    """Raises DataError for a picture that is too large for the format of `path`."""
    kind = format_of(path)
    longest = _LONGEST.get(kind)
    if longest is not None and max(width, height) > longest:
        raise DataError(
            f"'{path}': {width} x {height} pixels are too many for {kind}, which holds {longest:,} a side: give the"
            " picture another ending, such as .png"
        )


def write_photo(photo: Photo, pixels: NDArray[np.uint8], path: Path) -> tuple[str, ...]:
    """Writes translated pixels in the photo's colour space, with its profile, transparency and metadata.

    The file appears whole or not at all. Returns a short text for each thing that the format can't keep. Raises
    DataError for a picture that is too large for the format, StorageError when it can't be written.
    """
    kind = format_of(path)
    check_size(path, pixels.shape[1], pixels.shape[0])
    image, notes = picture_of(photo, pixels, kind)
    with draft_of(path) as file:
        if kind == "TIFF":
            more = write_pages([(image, photo.metadata, photo.profile)], file, size=image.width * image.height * 4)
        elif kind == "GIF":
            more = ()
            write_gif([(image, 0)], file, comment=photo.metadata.comment)
        else:
            more = write_single(image, photo, kind, file)
    return (*notes, *more)


def picture_of(photo: Photo, pixels: NDArray[np.uint8], kind: str) -> tuple[Image.Image, tuple[str, ...]]:
    """The translated pixels in the photo's colour space with its transparency, and what that format can't keep."""
    notes = []
    profile = kind not in _WITHOUT_PROFILE
    if photo.stored is not None and not profile:
        notes.append(f"painted in sRGB, as {kind} has no colour profile")
    image = Image.fromarray(in_profile(photo, pixels) if profile else pixels)
    if photo.alpha is not None and kind in _WITHOUT_ALPHA:
        layer = image.copy()
        layer.putalpha(Image.fromarray(photo.alpha))
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), layer).convert("RGB")
        if photo.alpha.min() < 255:
            notes.append(f"transparent parts laid on white, as {kind} has none")
    if photo.alpha is not None and kind not in _WITHOUT_ALPHA:
        image.putalpha(Image.fromarray(photo.alpha))
    return image, tuple(notes)


def write_single(image: Image.Image, photo: Photo, kind: str, file: BinaryIO) -> tuple[str, ...]:
    """Writes JPEG, PNG, WEBP or BMP with what it can hold of the photo's metadata, and returns what it can't."""
    more, notes = options_of(photo.metadata, kind)
    if photo.profile and kind not in _WITHOUT_PROFILE:
        more["icc_profile"] = photo.profile
    image.save(file, kind, **{"quality": QUALITY, **more})
    return notes


def options_of(metadata: Metadata, kind: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What Pillow is given to write the metadata, and what is left out."""
    exif, xmp = metadata.exif, metadata.xmp
    notes: list[str] = []
    more: dict[str, Any] = {"dpi": metadata.dpi} if metadata.dpi else {}
    if kind == "JPEG":
        exif = _fitting("EXIF", exif, _SEGMENT, notes)
        xmp = _fitting("XMP", xmp, _XMP_SEGMENT, notes)
        if comment := _fitting("the comment", metadata.comment, _SEGMENT, notes):
            more["comment"] = comment
        if iptc := _fitting("IPTC", metadata.iptc, _IPTC_SEGMENT, notes):
            more["extra"] = _photoshop(iptc)
    if kind == "PNG" and (metadata.text or metadata.colours or xmp):
        more["pnginfo"] = _entries(metadata)
    elif xmp and kind in ("JPEG", "WEBP"):
        more["xmp"] = xmp
    if exif and kind != "BMP":
        more["exif"] = exif
    if metadata.lossless and kind == "WEBP":
        more.update(lossless=True, quality=_EFFORT)
    return more, tuple(notes)


def _fitting(name: str, content: bytes | None, most: int, notes: list[str]) -> bytes | None:
    if content and len(content) > most:
        notes.append(f"{name} of {len(content):,} bytes is not kept, as JPEG holds {most:,}")
        return None
    return content


def _entries(metadata: Metadata) -> PngInfo:
    info = PngInfo()
    for name, content in metadata.colours.items():
        info.add(name, content)
    for key, value in metadata.text.items():
        with suppress(Exception):  # a key that no PNG may have
            info.add_text(key, value)
    if metadata.xmp:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode(errors="replace"))
    return info


def _photoshop(iptc: bytes) -> bytes:
    """The segment APP13 of a JPEG, in which programs look for the IPTC record."""
    block = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + bytes(len(iptc) % 2)
    content = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + (len(content) + 2).to_bytes(2, "big") + content
