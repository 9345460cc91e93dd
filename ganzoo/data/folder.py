"""A folder of images as a data set: nested folders become labels, what can't be read is skipped with its reason."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ganzoo.catalog import FolderOptions
from ganzoo.data.source import ImageSource, Picture
from ganzoo.errors import DataError, one_line
from ganzoo.units import Size

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
MAX_PIXELS = 64_000_000
"""A picture larger than this is refused from its header, before it is decoded."""
_READ_AHEAD = 32


class FolderSource(ImageSource):
    """The images below a folder, in the order of their names.

    Raises DataError when the folder has none.
    """

    def __init__(self, options: FolderOptions) -> None:
        self.root = Path(options.path)
        self.files = sorted(_images_below(self.root))
        if not self.files:
            raise DataError(f"no images in '{self.root}': looked for {', '.join(sorted(ENDINGS))} at any depth")
        folders = sorted({str(file.parent.relative_to(self.root)) for file in self.files})
        self._classes = tuple(folders) if len(folders) > 1 else ()
        self.attributes = {"folder": self._classes} if self._classes else {}

    def __len__(self) -> int:
        return len(self.files)

    def fingerprint(self) -> str:
        """Hash of names, sizes and times of change; the path of the folder itself is no part of it."""
        digest = hashlib.sha256()
        for file in self.files:
            status = file.stat()
            digest.update(f"{file.relative_to(self.root)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        return f"folder:{digest.hexdigest()[:32]}"

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """Decoded on several threads, a few pictures ahead so that memory stays flat."""
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for start in range(0, len(indices), _READ_AHEAD):
                yield from pool.map(lambda i: self._picture(i, size), indices[start : start + _READ_AHEAD])

    def _picture(self, index: int, size: Size) -> Picture:
        file = self.files[index]
        folder = str(file.parent.relative_to(self.root))
        labels = (self._classes.index(folder),) if self._classes else ()
        name = str(file.relative_to(self.root))
        try:
            return Picture(pixels=read_image(file, size), labels=labels, name=name)
        # Pillow raises many types for broken files (SyntaxError and struct.error among them); each is one bad file.
        except Exception as error:
            return Picture(pixels=None, labels=labels, name=name, problem=one_line(error))


def read_image(file: Path, size: Size) -> NDArray[np.uint8]:
    """Decodes, turns upright, covers `size` with an antialiased resize and crops the middle: uint8 H W 3."""
    with Image.open(file) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels, at most {MAX_PIXELS:,} are read")
        # JPEG decodes at a half, a quarter or an eighth when that is still larger than what is wanted.
        image.draft("RGB", (2 * size.width, 2 * size.height))
        upright = ImageOps.exif_transpose(image)
        picture = ImageOps.fit(
            upright.convert("RGB"), (size.width, size.height), Image.Resampling.LANCZOS, centering=(0.5, 0.5)
        )
        return np.asarray(picture, dtype=np.uint8)


def _images_below(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        # Hidden folders hold thumbnails, and a run's own sample grids are no photos.
        below[:] = [name for name in below if not name.startswith(".") and not Path(folder, name, "run.json").exists()]
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() in ENDINGS and not name.startswith(".") and path.is_file():
                yield path
