"""Decodes a picture's file by fixed rules for orientation, colour, depth, transparency and size.

`RULES` is the version of these rules. Caches made by another version are not used.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ganzoo.config.units import Size
from ganzoo.errors import one_line

RULES = 3
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
MIN_SIDE = 8
MAX_ASPECT = 8.0

CMYK = "CMYK converted to RGB by its profile"
CMYK_NAIVE = "CMYK without a profile, so the colours are approximate"
PROFILE = "colours converted to sRGB from the embedded profile"
BAD_PROFILE = "embedded colour profile is damaged or does not fit, taken as sRGB"
DEEP = "more than 8 bits a channel, scaled to 8"
TRANSPARENT = "transparent parts laid on white"
FRAMES = "first picture of several taken (animation or multi-picture file)"
GREY = "grey, the same in all three channels"
ENLARGED = "smaller than the training size, so enlarged"
BAD_EXIF = "EXIF is damaged, so the orientation is as stored"

_SRGB = ImageCms.createProfile("sRGB")


def decode(data: bytes, size: Size) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """A file's content as uint8 H W 3 of exactly that size, and the rules that changed the picture.

    The picture is turned upright, resized with antialiasing until it covers the size, and cropped in the middle. Raises
    ValueError with one line when it can't be used.
    """
    notes: list[str] = []
    try:
        with open_header(data) as image:
            if getattr(image, "is_animated", False):  # counting the frames would walk through all of a TIFF
                notes.append(FRAMES)
            # A JPEG is decoded at a half, a quarter or an eighth where that is still twice as large as the result.
            side = 2 * max(size.height, size.width)
            image.draft(image.mode, (side, side))
            profile = image.info.get("icc_profile")
            picture = _plain(_upright(image, notes.append), notes.append)
        if min(picture.width - size.width, picture.height - size.height) < 0:
            notes.append(ENLARGED)
        fitted = ImageOps.fit(picture, (size.width, size.height), Image.Resampling.LANCZOS)
        return np.asarray(_srgb(fitted, profile, notes.append), dtype=np.uint8), tuple(notes)
    # Pillow raises many types for broken files, such as SyntaxError, struct.error and MemoryError.
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(one_line(error).replace("OSError: ", "")) from None


def decoders() -> str:
    """The decoders of this machine: another Pillow, or HEIC support, may read pictures that were skipped before."""
    return f"pillow {PIL.__version__}{', heic' if find_spec('pillow_heif') else ''}"


def open_header(data: bytes, *, any_shape: bool = False) -> Image.Image:
    """The picture with its header read and nothing decoded. Raises ValueError when the header shows it to be unusable.

    With `any_shape`, pictures that are too small or too long to train on are accepted.
    """
    if not data:
        raise ValueError("the file is empty")
    try:
        image = Image.open(io.BytesIO(data), formats=_formats(data))
    except UnidentifiedImageError:
        raise ValueError(_unknown(data)) from None
    except Image.DecompressionBombError:
        raise ValueError(f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels") from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels, at most {MAX_PIXELS:,} are read")
    if any_shape:
        return image
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{width} x {height} pixels, each side must have {MIN_SIDE}")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ValueError(f"{width} x {height} pixels is longer than {MAX_ASPECT:g} to 1")
    return image


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
    return "not an image, or of a format that is not supported"


def _upright(image: Image.Image, note: Callable[[str], None]) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block makes Pillow raise many types, but the picture itself can be read
        note(BAD_EXIF)
        return image


def _plain(image: Image.Image, note: Callable[[str], None]) -> Image.Image:
    """The picture in a mode that can be resized: RGB, L or CMYK."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        note(DEEP)
        image = _scaled(np.asarray(image))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        if np.asarray(layer.getchannel("A")).min() < 255:
            note(TRANSPARENT)
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    if image.mode == "L":
        note(GREY)
        return image
    return image if image.mode in ("RGB", "CMYK") else image.convert("L" if image.mode == "1" else "RGB")


def _scaled(values: NDArray[Any]) -> Image.Image:
    """Grey values of more than 8 bits as 8: 16 bits are scaled by their full range, others by the values in use."""
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    largest = float(numbers.max(initial=0.0))
    if (values.dtype.kind, values.dtype.itemsize) == ("u", 2) or (values.dtype == np.int32 and 255 < largest <= 65535):
        full = 65535.0
    elif values.dtype.kind == "f" and largest <= 1:
        full = 1.0
    else:
        full = max(largest, 255.0)
    return Image.fromarray((numbers * (255 / full) + 0.5).astype(np.uint8))


def _srgb(image: Image.Image, profile: bytes | None, note: Callable[[str], None]) -> Image.Image:
    """The image in sRGB. This comes after the resize, when there are fewer pixels."""
    if profile:
        try:
            transform = _transform(profile, image.mode)
            if transform is not None:
                note(CMYK if image.mode == "CMYK" else PROFILE)
                converted = ImageCms.applyTransform(image, transform)
                assert converted is not None  # not in place
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            note(BAD_PROFILE)
    elif image.mode == "CMYK":
        note(CMYK_NAIVE)
    return image.convert("RGB")


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB, or None when it is sRGB. Cached, since cameras embed the same few profiles."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode != "CMYK" and "srgb" in ImageCms.getProfileDescription(source).lower():
        return None
    return ImageCms.buildTransform(source, _SRGB, mode, "RGB")
