"""Reads picture files at full size, upright and in sRGB, with what they carry: colour profile, EXIF, transparency."""

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from ganzoo.data.decode import open_header
from ganzoo.errors import DataError, one_line

_ORIENTATION = 0x0112


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture turned upright: `pixels` uint8 H W 3 in sRGB, and `alpha` H W or None.

    `profile` and `exif` go into the new file. `notes` has a short text for each rule that changed the picture.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    profile: bytes | None = None
    exif: bytes | None = None
    notes: tuple[str, ...] = ()


def read_photo(path: Path) -> Photo:
    """Reads the file's picture. Raises DataError, with one line, when it can't be used."""
    try:
        with open_header(path.read_bytes(), any_shape=True) as image:
            image.load()
            profile = image.info.get("icc_profile")
            upright = image
            with suppress(Exception):  # a damaged EXIF block; the picture itself is intact
                upright = ImageOps.exif_transpose(image)
            exif = _exif(image)  # after turning, which reads the entry that this changes
            alpha = np.asarray(upright.convert("RGBA").getchannel("A")) if upright.has_transparency_data else None
            pixels, kept = _srgb(upright, profile)
    except Exception as error:  # Pillow raises many types for broken files
        raise DataError(f"'{path}': {one_line(error)}") from None
    return Photo(pixels=pixels, alpha=alpha, profile=kept, exif=exif)


def read_mask(path: Path, size: tuple[int, int]) -> NDArray[np.float32]:
    """Reads a grey picture as numbers in [0, 1], resized to H W: white is translated, black stays. Raises DataError."""
    pixels = read_photo(path).pixels
    grey = Image.fromarray(pixels).convert("L").resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return (np.asarray(grey, np.float32) / 255).astype(np.float32)


def _exif(image: Image.Image) -> bytes | None:
    """The whole block, with the orientation set to upright."""
    try:
        exif = image.getexif()
        if not exif:
            return None
        if _ORIENTATION in exif:
            exif[_ORIENTATION] = 1
        return exif.tobytes()
    except Exception:  # a damaged block can't be kept
        return None


def _srgb(image: Image.Image, profile: bytes | None) -> tuple[NDArray[np.uint8], bytes | None]:
    """Pixels in sRGB, and the profile to which they can be converted back."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image).astype(np.float64)
        image = Image.fromarray((values * (255 / max(values.max(), 1))).clip(0, 255).astype(np.uint8))
    rgb = image.mode == "RGB"
    plain = image if image.mode in ("RGB", "CMYK") else image.convert("RGB")
    if profile and plain.mode in ("RGB", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            converted = convert(plain, profile, None)
            return np.asarray(converted), profile if rgb else None
    return np.asarray(plain.convert("RGB")), profile if rgb else None


def convert(image: Image.Image, before: bytes | None, after: bytes | None) -> Image.Image:
    """Converts colours from one profile to another; None is sRGB."""
    source, target = (
        ImageCms.ImageCmsProfile(io.BytesIO(one)) if one else ImageCms.createProfile("sRGB") for one in (before, after)
    )
    converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    assert converted is not None  # not in place
    return converted
