"""Reads picture files at full size, upright and in sRGB, with what they carry: colour profile, EXIF, transparency."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ganzoo.data.colour import SRGB, applied, in_srgb, is_srgb, profile_of
from ganzoo.data.decode import MAX_PIXELS, any_size, colours, open_header, upright
from ganzoo.data.folder import read_file
from ganzoo.errors import DataError, one_line
from ganzoo.io.memory import free_memory
from ganzoo.stylize.metadata import COLOURS, Metadata, colours_of, is_lossless, metadata_of, orientation_of

LOST = "painted in sRGB, without the embedded colour profile"

_BYTES = 32
"""Memory that each pixel of a large picture takes while it is read, painted in tiles and written."""
_UNCHANGED, _CHANGED = 2, 32
"""Levels of 255 by which a pixel may differ from the photo to count as untouched, and from which on as painted."""
_STRIP = 256
"""Rows that are converted at once, to save memory."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture turned upright: `pixels` uint8 H W 3 in sRGB, and `alpha` H W or None.

    `profile` and `metadata` go into the new file. `stored` has the pixels in the colours of that profile, and is None
    where those are sRGB. `notes` has a short text for each rule that changed the picture.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    profile: bytes | None = None
    stored: NDArray[np.uint8] | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()


def read_photo(path: Path) -> Photo:
    """Reads the file's picture. Raises DataError, with one line, when it can't be used."""
    with naming(path), opened(read_file(path)) as image:
        return photo_of(image)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turns each error of reading into a DataError, with one line that names the file."""
    try:
        yield
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"'{path}': it does not fit into memory") from None
    except Exception as error:  # Pillow raises many types for broken files
        raise DataError(f"'{path}': {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """The error on one line, without the names of types that say nothing more."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return one_line(error).removeprefix("ValueError: ").removeprefix("OSError: ")


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """A picture of any size that fits into memory. Raises what Pillow raises."""
    with any_size(), open_header(data, any_shape=True) as image:
        check_memory(image)
        if image.format == "PNG":
            image.info[COLOURS] = colours_of(data)
        yield image


def check_memory(image: Image.Image) -> None:
    """Raises ValueError for a picture that would take more memory than there is: the system would end the process."""
    pixels = image.width * image.height
    needed, free = pixels * _BYTES, free_memory() if pixels > MAX_PIXELS else None
    if free is not None and needed > free:
        raise ValueError(
            f"{pixels / 1e6:,.0f} megapixels need {needed / 1e9:,.1f} GB of memory, {free / 1e9:,.1f} GB are free:"
            " make it smaller, or cut it into parts"
        )


def photo_of(image: Image.Image) -> Photo:
    """A picture of any mode that Pillow has opened or made. Raises what Pillow raises."""
    notes: list[str] = []
    profile, stored = profile_of(image), orientation_of(image) if image.format == "TIFF" else None
    lossless = is_lossless(image)
    turned = upright(image, notes.append)
    metadata = replace(metadata_of(image, turned.size, stored or orientation_of(image)), lossless=lossless)
    alpha = np.asarray(_alpha(turned)) if turned.has_transparency_data else None
    flat = colours(turned)
    shown = in_srgb(flat, profile, notes.append)
    kept = profile if profile and _fits(profile, flat, shown) else None
    if profile and not kept:
        notes.append(LOST)
    return Photo(
        pixels=np.asarray(shown),
        alpha=alpha,
        profile=kept,
        stored=np.asarray(flat) if kept and shown is not flat else None,
        metadata=metadata,
        notes=(*notes, *metadata.notes),
    )


def on_white(photo: Photo) -> Image.Image:
    """The picture as models are shown it: RGB, transparent parts laid on white."""
    image = Image.fromarray(photo.pixels)
    if photo.alpha is None:
        return image
    return Image.composite(image, Image.new("RGB", image.size, "white"), Image.fromarray(photo.alpha))


def in_profile(photo: Photo, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Translated pixels H W 3 of the photo, from sRGB to the colours of its profile.

    Where the translation leaves the photo as it is, the stored values come back, even those that sRGB can't hold.
    """
    if photo.stored is None or photo.profile is None:
        return pixels
    transform = _from_srgb(photo.profile)
    result: NDArray[np.uint8] = np.empty_like(pixels)
    for top in range(0, len(pixels), _STRIP):
        rows = slice(top, top + _STRIP)
        before, after, stored = photo.pixels[rows], pixels[rows], photo.stored[rows].astype(np.float32)
        lost = stored - _converted(before, transform)
        change = np.abs(after.astype(np.int16) - before).max(axis=2, keepdims=True)
        kept = ((_CHANGED - change.astype(np.float32)) / (_CHANGED - _UNCHANGED)).clip(0, 1)
        result[rows] = (_converted(after, transform) + kept * lost).round().clip(0, 255)
    return result


def mask_of(photo: Photo, size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture as grey numbers in [0, 1], resized to H W. White is translated; black and what is transparent stay."""
    grey = np.asarray(Image.fromarray(photo.pixels).convert("L"), np.float32) / 255
    if photo.alpha is not None:
        grey = grey * (photo.alpha.astype(np.float32) / 255)
    resized = Image.fromarray(grey).resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).clip(0, 1)


def _alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        return image.getchannel(len(image.getbands()) - 1)
    return image.convert("RGBA").getchannel("A")


def _converted(pixels: NDArray[np.uint8], transform: ImageCms.ImageCmsTransform) -> NDArray[np.float32]:
    return np.asarray(applied(Image.fromarray(pixels), transform), np.float32)


def _fits(profile: bytes, flat: Image.Image, shown: Image.Image) -> bool:
    """Whether the profile goes into the new file. A damaged one does: colours are what they were with it."""
    return is_srgb(profile) or (flat.mode == "RGB" and (shown is flat or _writable(profile)))


def _writable(profile: bytes) -> bool:
    """Whether colours can be converted to the profile; those of scanners are often for reading only."""
    try:
        _from_srgb(profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=4)
def _from_srgb(profile: bytes) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(SRGB, ImageCms.ImageCmsProfile(io.BytesIO(profile)), "RGB", "RGB")
