"""What a picture's file says about it besides its pixels and its colours, cleared of what describes the old file."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageFile

from ganzoo.data.chunks import png_chunks
from ganzoo.data.depth import stored

ORIENTATION = 0x0112
XMP, IPTC = 700, 33723
EXIF, GPS, _INTEROP = 0x8769, 0x8825, 0xA005
"""The directories inside the first one, and one that may lie inside that of EXIF."""
_INTEROP_TAGS = frozenset((1, 2, 4096, 4097, 4098))
_WIDTH, _HEIGHT = 0xA002, 0xA003
_X_RESOLUTION, _Y_RESOLUTION = 282, 283
_DESCRIPTIONS = frozenset(
    (
        *(269, 270, 271, 272, ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, 285, 296, 297, 305, 306, 315, 316),
        *(18246, 18249, 32781, 33432, EXIF, GPS, 36867, 40091, 40092, 40093, 40094, 40095),
    )
)
"""Tags of a picture's first directory that say what it shows, how large it is printed, and who made it when.

All others of a TIFF describe how its file is built (sizes, strips, colour tables), which no longer holds for a new one.
"""
_PLACES = frozenset((33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113))
"""Where on Earth the pixels of a GeoTIFF lie, and what GDAL says of it. This holds while the picture is not turned."""
_STRUCTURE = frozenset((XMP, IPTC, 32995, 32996, 32997, 32998, 34377, 34675, 37724))
"""Tags above 32767 that never go into an EXIF block: they describe pixels, or are kept by other means."""
_POSITIONING = 531
_TURNED = re.compile(rb"""\s*tiff:Orientation=["'][0-9]["']|<tiff:Orientation>[0-9]</tiff:Orientation>""")
"""The orientation, which XMP says again."""
COLOURS = "png colours"
"""Where `colours_of` a picture stand among what Pillow knows of it."""
_MORE = (b"MotionPhoto", b"MicroVideo", b"hdrgm:", b"Container:Directory")
"""What the XMP of phones says of things behind the picture, which programs then look for."""
_COLOURS = (b"cHRM", b"cICP", b"gAMA", b"sRGB")
"""The chunks of a PNG that say which colours its numbers mean, where it has no profile."""
_CAPTION = 0x0404
"""The block of Photoshop's resources that holds the IPTC record."""
_FRAME_HEAD = 16
"""Bytes at the start of a frame of an animated WebP that say its place and time. Chunks of its own follow."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """`exif` has neither XMP, IPTC nor a colour profile. `dpi` is across and down.

    `compression` is Pillow's name of that of a TIFF, `lossless` that of a WebP. `colours` are chunks of a PNG without a
    profile, by their names.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[bytes, bytes] = field(default_factory=dict)
    compression: str | None = None
    lossless: bool = False
    notes: tuple[str, ...] = ()


def colours_of(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG that say what its colours mean. Pillow reads one of them not at all, and others rounded."""
    return {name: content for name, content in png_chunks(png, until=b"IDAT") if name in _COLOURS}


def is_lossless(image: Image.Image) -> bool:
    """Whether a WebP holds no frame that lost something by compression. It must be asked before it is loaded."""
    if image.format != "WEBP" or not isinstance(image, ImageFile.ImageFile):
        return False
    names = set(_chunk_names(stored(image)))
    return b"VP8L" in names and b"VP8 " not in names


def _chunk_names(webp: bytes) -> Iterator[bytes]:
    place = 12
    while place + 8 <= len(webp):
        name, length = webp[place : place + 4], int.from_bytes(webp[place + 4 : place + 8], "little")
        yield name
        place += 8 + (_FRAME_HEAD if name == b"ANMF" else length + length % 2)


def orientation_of(image: Image.Image) -> int:
    """How the stored picture must be turned; 1 is upright.

    A TIFF must be asked before it is loaded, by which Pillow turns it; others after, since the question loads a PNG.
    """
    with suppress(Exception):  # a damaged EXIF block
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def metadata_of(image: Image.Image, size: tuple[int, int], orientation: int) -> Metadata:
    """What a loaded file carries, for a picture of that size (width, height) turned upright from that orientation."""
    notes = []
    exif = xmp = iptc = None
    try:
        exif = _exif(image, size, orientation)
    except Exception:  # Pillow raises many types for a damaged block
        notes.append("EXIF is damaged and not kept")
    with suppress(Exception):
        xmp = _bytes(image.info.get("xmp") or image.info.get("XML:com.adobe.xmp"))
        xmp = xmp and _TURNED.sub(b"", xmp)
        iptc = _iptc(image)
    if xmp and any(name in xmp for name in _MORE):
        notes.append("a video or gain map behind the picture is not kept, nor the XMP that describes it")
        xmp = None
    compression = image.info.get("compression")
    return Metadata(
        exif=exif,
        xmp=xmp,
        iptc=iptc,
        dpi=_dpi(image, turned=orientation >= 5),
        comment=_bytes(image.info.get("comment")),
        text=_text(image),
        colours={} if image.info.get("icc_profile") else image.info.get(COLOURS, {}),
        compression=compression if image.format == "TIFF" and isinstance(compression, str) else None,
        notes=tuple(notes),
    )


def _exif(image: Image.Image, size: tuple[int, int], orientation: int) -> bytes | None:
    """A new block. Pillow's own is bound to the old file: it keeps a TIFF's structure, and fails for a BigTIFF."""
    old, new = image.getexif(), Image.Exif()
    tiff = image.format == "TIFF"
    for tag, value in dict(old).items():
        if _is_kept(tag, tiff=tiff, upright=orientation == 1) and tag not in (EXIF, GPS):
            new[tag] = value
    inner, places = inner_of(old, EXIF), inner_of(old, GPS)
    inner.update({tag: side for tag, side in zip((_WIDTH, _HEIGHT), size, strict=True) if tag in inner})
    for tag, directory in ((EXIF, inner), (GPS, places)):
        if directory:
            new.get_ifd(tag).update(directory)
    if ORIENTATION in new:
        new[ORIENTATION] = 1
    if orientation >= 5 and _X_RESOLUTION in new and _Y_RESOLUTION in new:
        new[_X_RESOLUTION], new[_Y_RESOLUTION] = new[_Y_RESOLUTION], new[_X_RESOLUTION]
    return new.tobytes() if new or inner or places else None


def inner_of(exif: Image.Exif, tag: int) -> dict[int, Any]:
    """The entries of an inner directory, with those of the one inside it unless that is damaged."""
    inner = dict(exif.get_ifd(tag))
    if inner.pop(_INTEROP, None) is not None:
        with suppress(Exception):
            deepest = dict(exif.get_ifd(_INTEROP))
            if deepest and _INTEROP_TAGS.issuperset(deepest):
                inner[_INTEROP] = deepest
    return inner


def _is_kept(tag: int, *, tiff: bool, upright: bool) -> bool:
    if tag in _DESCRIPTIONS:
        return True
    if tag in _PLACES:
        return upright
    return not tiff and (tag == _POSITIONING or (tag > 0x7FFF and tag not in _STRUCTURE))


def _iptc(image: Image.Image) -> bytes | None:
    tags, blocks = getattr(image, "tag_v2", {}), image.info.get("photoshop", {})
    if IPTC in tags and isinstance(tags[IPTC], bytes):
        return bytes(tags[IPTC])
    if image.format == "TIFF":
        blocks = {number: block["data"] for number, block in image.get_photoshop_blocks().items()}  # type: ignore[attr-defined]
    return _bytes(blocks.get(_CAPTION))


def _dpi(image: Image.Image, *, turned: bool) -> tuple[float, float] | None:
    """Dots per inch, unless the file says nothing or nonsense."""
    with suppress(Exception):
        across, down = (float(one) for one in image.info["dpi"])
        if all(math.isfinite(one) and 1 < one <= 65535 for one in (across, down)):
            return (down, across) if turned else (across, down)
    return None


def _text(image: Image.Image) -> dict[str, str]:
    """The entries of a PNG such as Title and Author; XMP and EXIF, which some programs store so, are kept otherwise."""
    if image.format != "PNG":
        return {}
    entries: dict[Any, Any] = image.info
    return {
        key: value
        for key, value in entries.items()
        if isinstance(value, str) and key != "XML:com.adobe.xmp" and not key.startswith("Raw profile type")
    }


def _bytes(value: object) -> bytes | None:
    if isinstance(value, str):
        value = value.encode()
    return value if isinstance(value, bytes) and value else None
