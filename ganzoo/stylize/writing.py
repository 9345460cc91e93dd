"""Writes translated pictures with what their photos carried: colour profile, EXIF, transparency."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.errors import StorageError, one_line
from ganzoo.stylize.photo import Photo, in_profile

ENDINGS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
"""Endings that are written. Pictures of other kinds become PNG."""
_QUALITY = 95
_WITHOUT_ALPHA = ("JPEG", "BMP")


def write_photo(photo: Photo, pixels: NDArray[np.uint8], path: Path) -> None:
    """Writes translated pixels in the photo's colour space, with its profile, EXIF and transparency.

    The file appears whole or not at all. Raises StorageError when it can't be written.
    """
    kind = ENDINGS[path.suffix.lower()]
    image = Image.fromarray(in_profile(photo, pixels))
    if photo.alpha is not None and kind not in _WITHOUT_ALPHA:
        image.putalpha(Image.fromarray(photo.alpha))
    more = {"icc_profile": photo.profile, "exif": photo.exif} if kind != "BMP" else {}
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(draft, kind, quality=_QUALITY, **{key: value for key, value in more.items() if value})
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"can't write '{path}': {one_line(error)}") from None
    finally:
        draft.unlink(missing_ok=True)
