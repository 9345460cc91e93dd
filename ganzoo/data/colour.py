"""Converts the colours of pictures to sRGB by their profiles."""

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

CMYK = "CMYK converted to RGB by its profile"
CMYK_NAIVE = "CMYK without a profile, so the colours are approximate"
PROFILE = "colours converted to sRGB from the embedded profile"
BAD_PROFILE = "embedded colour profile is damaged or does not fit, taken as sRGB"

SRGB = ImageCms.createProfile("sRGB")
_SAME = 2
"""Levels of 255 by which a profile may differ from sRGB and count as sRGB."""


def profile_of(image: Image.Image) -> bytes | None:
    """The colour profile of a picture as opened. Colours in CIELAB need none."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and image.mode != "LAB" else None


def in_srgb(image: Image.Image, profile: bytes | None, note: Callable[[str], None]) -> Image.Image:
    """A picture L, RGB or CMYK as RGB in sRGB."""
    transform = None
    if profile:
        try:
            transform = _to_srgb(profile, image.mode)
            note(CMYK if image.mode == "CMYK" else PROFILE) if transform else None
        except (ImageCms.PyCMSError, OSError, ValueError):
            note(BAD_PROFILE)
    elif image.mode == "CMYK":
        note(CMYK_NAIVE)
    if transform:
        return applied(image, transform)
    return image if image.mode == "RGB" else image.convert("RGB")


def is_srgb(profile: bytes) -> bool:
    """Whether the profile is that of sRGB, under whatever name."""
    try:
        return _to_srgb(profile, "RGB") is None
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False


def applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    """The picture with its colours changed."""
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # not in place
    return converted


@lru_cache(maxsize=32)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB, or None when it is sRGB. Cached, since cameras embed the same few profiles."""
    if mode == "L" and is_srgb(profile):  # grey photos often keep it
        return None
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(source, SRGB, mode, "RGB")
    return None if mode == "RGB" and _changes_little(transform) else transform


def _changes_little(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether RGB stays as it is. The profile's name doesn't say so: "linear sRGB" is another space."""
    levels = np.linspace(0, 255, 9)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(9, -1, 3).astype(np.uint8)
    changed = np.asarray(applied(Image.fromarray(colours), transform))
    return bool(np.abs(changed.astype(int) - colours).max() <= _SAME)
