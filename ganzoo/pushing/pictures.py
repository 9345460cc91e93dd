"""Sample pictures for a model card, made here with the very weights that are shared, of nothing that is private."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import resolve_part
from ganzoo.config.units import Size
from ganzoo.data.images import grid, save_picture
from ganzoo.data.source import ImageSource
from ganzoo.errors import DataError, UsageError
from ganzoo.inference.loaded import LoadedGAN, LoadedTranslator
from ganzoo.io.names import user_path
from ganzoo.parts import Parts
from ganzoo.stylize.stylizer import StylizeOptions

FOLDER = "samples"
PAIRS = 3
SIZE = Size(512, 768)
"""Of the photos that are painted for a card."""
SCENES = "scenes"
"""The data set that is painted unless the user names photos: drawn landscapes, which belong to nobody."""
_DRAWN = 16
_GAP, _QUALITY = 8, 88
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture of the folder, and what it shows."""

    file: str
    text: str


def save_samples(
    loaded: LoadedGAN, out: Path, catalog: Catalog, *, photos: Path | None = None, styles: Sequence[str] = ()
) -> list[Sample]:
    """Writes pictures to `out`/samples: drawn ones, or of a translator photos, each beside its painting.

    The photos are those in the folder `photos`, else drawn landscapes; those of the training are never shown. `styles`
    are paintings or learnt names, one picture each, for a model that takes one. Raises UsageError for a folder that is
    not there, and for photos or styles of a model that takes none.
    """
    (out / FOLDER).mkdir()
    if isinstance(loaded, LoadedTranslator):
        return list(_paintings(loaded, out, catalog, photos, styles))
    if photos is not None or styles:
        raise UsageError("a model that draws from noise paints no photos: leave out --photos and --style")
    file = f"{FOLDER}/drawn.png"
    save_picture(grid(loaded.sample(_DRAWN)), out / file)
    return [Sample(file=file, text=f"{_DRAWN} pictures, drawn from noise with seed 0")]


def _paintings(
    loaded: LoadedTranslator, out: Path, catalog: Catalog, photos: Path | None, styles: Sequence[str]
) -> Iterator[Sample]:
    wanted: Sequence[str | None] = styles or (None,)
    shown = _photos(catalog, photos, max(PAIRS, len(wanted)))
    for number, pixels in enumerate(shown):
        style = wanted[number % len(wanted)]
        painting = loaded.stylizer(style=style).stylize(pixels, StylizeOptions())
        file = f"{FOLDER}/{number + 1}.jpg"
        save_picture(_beside(pixels, painting), out / file, quality=_QUALITY)
        yield Sample(file=file, text="A photo and its painting" if photos else "A drawn landscape and its painting")


def _photos(catalog: Catalog, folder: Path | None, count: int) -> list[Pixels]:
    """Pixels H W 3 of photos from all over the folder, or of drawn landscapes, without anything else of their files."""
    if folder is not None and not user_path(folder).is_dir():
        raise UsageError(f"--photos '{folder}': there is no such folder")
    data = resolve_part(catalog, "dataset", SCENES if folder is None else str(folder), {})
    source: ImageSource = Parts({"data": data}).build("data")
    numbers = [number * len(source) // count for number in range(min(count, len(source)))]
    read = [picture.pixels for picture in source.read(numbers, SIZE)]
    found = [pixels for pixels in read if pixels is not None]
    if not found:
        raise DataError(f"--photos '{folder}': none of its pictures can be read")
    return found


def _beside(photo: Pixels, painting: Pixels) -> Image.Image:
    """The photo on the left, its painting on the right."""
    gap = np.full((photo.shape[0], _GAP, 3), 255, np.uint8)
    return Image.fromarray(np.concatenate([photo, gap, painting], axis=1))
