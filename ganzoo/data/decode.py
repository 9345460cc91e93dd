"""Decodes a picture's file by fixed rules for orientation, colour, depth, transparency and size.

`RULES` is the version of these rules. Caches made by another version are not used.
"""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import IO

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from ganzoo.config.units import Size
from ganzoo.data.colour import in_srgb, profile_of
from ganzoo.data.depth import DEEP as DEEP
from ganzoo.data.depth import eight_bits
from ganzoo.data.room import Room
from ganzoo.errors import one_line

RULES = 4
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "PPM", "JPEG2000")
"""The formats that Pillow decodes by itself; MPO is read as JPEG. Others, such as EPS, would start programs."""
ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "bmp", "tif", "tiff", "gif"),
        *("avif", "heic", "heif", "ppm", "pgm", "jp2"),
    )
)
MAX_PIXELS = 64_000_000
"""A picture with more is refused by its header, before anything is decoded."""
_ROOM = Room(MAX_PIXELS)
"""All threads together decode at most as many pixels at once as one picture may have: some take 16 bytes each."""
MIN_SIDE = 8
MAX_ASPECT = 8.0

TRANSPARENT = "transparent parts laid on white"
FRAMES = "first picture of several taken (animation or multi-picture file)"
GREY = "grey, the same in all three channels"
ENLARGED = "smaller than the training size, so enlarged"
BAD_EXIF = "EXIF is damaged, so the orientation is as stored"

ORIENTATION = 0x0112
"""The EXIF tag."""
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Its values for pictures that are stored turned by 90 degrees."""

# Blocks of 32 MB and more go back to the system when they are freed. Smaller ones stay with the thread.
Image.core.set_block_size(64 << 20)  # type: ignore[attr-defined]


# Programs keep a whole workflow in a PNG, and scanners large profiles. All of a file together stay below 64 MB.
PngImagePlugin.MAX_TEXT_CHUNK = 32 << 20


def decode(data: bytes, size: Size) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """A file's content as uint8 H W 3 of exactly that size, and the rules that changed the picture.

    The picture is turned upright, resized with antialiasing until it covers the size, and cropped in the middle. Raises
    ValueError with one line when it can't be used.
    """
    return decode_at(data, lambda _: size)


def decode_at(data: bytes, size_of: Callable[[Image.Image], Size]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """As `decode`, at the size that `size_of` returns for the picture once its header is read."""
    notes: list[str] = []
    try:
        with ExitStack() as held:
            picture, profile = _small(data, size_of, notes.append, held)
        return np.asarray(in_srgb(picture, profile, notes.append), dtype=np.uint8), tuple(notes)
    # Pillow raises many types for broken files, such as SyntaxError, struct.error and MemoryError.
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(one_line(error).replace("OSError: ", "")) from None


def _small(
    data: bytes, size_of: Callable[[Image.Image], Size], note: Callable[[str], None], held: ExitStack
) -> tuple[Image.Image, bytes | None]:
    """The picture at its final size, and its colour profile.

    `held` keeps the room that decoding takes, so that it is given back after the memory.
    """
    with open_header(data) as image:
        size = size_of(image)
        if getattr(image, "is_animated", False):  # counting the frames would walk through all of a TIFF
            note(FRAMES)
        # A JPEG is decoded at a half, a quarter or an eighth where that is still twice as large as the result.
        side = 2 * max(size.height, size.width)
        image.draft(image.mode, (side, side))
        held.enter_context(_ROOM.taken(image.width * image.height))
        return _fitted(_plain(upright(image, note), note), size, note), profile_of(image)


def _fitted(picture: Image.Image, size: Size, note: Callable[[str], None]) -> Image.Image:
    if min(picture.width - size.width, picture.height - size.height) < 0:
        note(ENLARGED)
    if picture.size == (size.width, size.height):  # Pillow would copy it
        return picture
    return ImageOps.fit(picture, (size.width, size.height), Image.Resampling.LANCZOS)


def decoders() -> str:
    """The decoders of this machine: another Pillow, or HEIC support, may read pictures that were skipped before."""
    return f"pillow {PIL.__version__}{', heic' if find_spec('pillow_heif') else ''}"


def open_header(data: bytes, *, any_shape: bool = False) -> Image.Image:
    """The picture with its header read and nothing decoded. Raises ValueError when the header shows it to be unusable.

    With `any_shape`, pictures that are too small, too large or too long to train on are accepted.
    """
    if not data:
        raise ValueError("the file is empty")
    try:
        with any_size():
            image = Image.open(io.BytesIO(data), formats=_formats(data))
    except UnidentifiedImageError:
        raise ValueError(_unknown(data)) from None
    if any_shape:
        return image
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels, at most {MAX_PIXELS:,} are read")
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{width} x {height} pixels, each side must have {MIN_SIDE}")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ValueError(f"{width} x {height} pixels is longer than {MAX_ASPECT:g} to 1")
    return image


def native_size(file: IO[bytes]) -> Size:
    """The size of the picture in a file once it is upright, from its header. Raises any type where there is none."""
    formats = _formats(file.read(12))
    file.seek(0)
    with any_size(), Image.open(file, formats=formats) as image:
        turned = image.getexif().get(ORIENTATION, 1) in SIDEWAYS
        return Size(image.width, image.height) if turned else Size(image.height, image.width)


_limits: list[int | None] = []
_limits_lock = threading.Lock()


@contextmanager
def any_size() -> Iterator[None]:
    """Lifts Pillow's own limit of pixels, on all threads: Pillow warns or refuses, and ganzoo has limits of its own."""
    with _limits_lock:
        _limits.append(_limits[0] if _limits else Image.MAX_IMAGE_PIXELS)
        Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        with _limits_lock:
            limit = _limits.pop()
            Image.MAX_IMAGE_PIXELS = None if _limits else limit


def _formats(data: bytes) -> tuple[str, ...]:
    if not _is_heic(data):
        return FORMATS
    _register_heif()
    return ("HEIF",)


def _is_heic(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"heis")


@lru_cache(maxsize=1)
def _register_heif() -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise ValueError("HEIC needs one more package: pip install 'ganzoo-core[heic]'") from None
    register_heif_opener()


def _unknown(data: bytes) -> str:
    if data[:2] == b"BM" or data[:4] in (b"\x89PNG", b"RIFF", b"GIF8") or data[:2] == b"\xff\xd8":
        return "its header is damaged"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "a damaged TIFF, or one of a kind that Pillow can't read, such as 64-bit floats"
    if data.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS in place of the image: git lfs pull"
    return "not an image, or of a format that is not supported"


def upright(image: Image.Image, note: Callable[[str], None]) -> Image.Image:
    """The picture loaded, with at most 8 bits a channel, and turned as its EXIF says."""
    shallow = eight_bits(image, note)
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
        if orientation == 1:
            return shallow
        shallow.getexif()[ORIENTATION] = orientation
        return ImageOps.exif_transpose(shallow)
    except Exception:  # a damaged EXIF block makes Pillow raise many types, but the picture itself can be read
        note(BAD_EXIF)
        return shallow


def colours(image: Image.Image) -> Image.Image:
    """A picture of at most 8 bits a channel, without transparency, in a mode that profiles know: L, RGB or CMYK."""
    if image.mode in ("1", "L", "LA", "La"):
        return image if image.mode == "L" else (image.convert("LA") if image.mode == "La" else image).convert("L")
    if image.mode == "P" and image.has_transparency_data:
        image = image.convert("RGBA")  # Pillow warns when it shall drop the transparency of a palette
    return image if image.mode in ("RGB", "CMYK") else image.convert("RGB")


def _on_white(image: Image.Image, note: Callable[[str], None]) -> Image.Image:
    layer = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    if np.asarray(layer.getchannel("A")).min() < 255:
        note(TRANSPARENT)
    flat = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return flat.convert("L") if image.mode in ("1", "L", "LA", "La") else flat


def _plain(image: Image.Image, note: Callable[[str], None]) -> Image.Image:
    """The picture in a mode that can be resized: RGB, L or CMYK."""
    if image.has_transparency_data:
        return _on_white(image, note)
    if image.mode == "L":
        note(GREY)
    return colours(image)
