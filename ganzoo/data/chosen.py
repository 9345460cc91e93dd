"""Some pictures of a data set, read again at other sizes than that of the training."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.config.units import Size
from ganzoo.data.cache import Images
from ganzoo.data.folder import FolderSource
from ganzoo.data.scale import LOOKED_AT, shorter
from ganzoo.data.source import ImageSource, PictureStream
from ganzoo.errors import DataError

QUALITY = 75
"""The JPEG quality of `compressed`: that of many data sets, so that few pictures change much."""
_AT_A_TIME = 16
"""Pictures read at once: some sources draw all that they are asked for before they give the first."""


@dataclass(frozen=True, kw_only=True)
class ChosenPictures:
    """The pictures with these `numbers`, sorted, among the usable ones, which `images` holds at training size.

    `shape` is the size of the training, whose shape they are cut to; `side` their usual shorter side, then.
    """

    source: PictureStream
    images: Images
    numbers: NDArray[np.int64]
    shape: Size
    side: int

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def key(self) -> tuple[str, str]:
        """What names these pictures: it changes when one of them may have."""
        return self.images.fingerprint, self.numbers.tobytes().hex()

    def size(self, side: int) -> Size:
        """The size of the same shape with that shorter side."""
        factor = side / shorter(self.shape)
        return Size(round(self.shape.height * factor), round(self.shape.width * factor))

    def read(self, size: Size) -> Iterator[NDArray[np.uint8]]:
        """The pictures in the order of their numbers, each uint8 H W 3 of that size.

        Raises DataError when one can't be read any more.
        """
        count = 0
        for pixels in self._read(size):
            count += 1
            yield pixels
        if count != len(self):
            raise DataError("the pictures have changed since they were read for the training")

    def _read(self, size: Size) -> Iterator[NDArray[np.uint8]]:
        places = self._places()
        if isinstance(self.source, ImageSource) and places is not None:
            for start in range(0, len(places), _AT_A_TIME):
                for picture in self.source.read(places[start : start + _AT_A_TIME].tolist(), size):
                    if picture.pixels is not None:
                        yield picture.pixels
            return
        usable = (picture.pixels for picture in self.source.pictures(size) if picture.pixels is not None)
        wanted = set(self.numbers.tolist())
        last = int(self.numbers[-1]) + 1
        yield from (pixels for number, pixels in enumerate(islice(usable, last)) if number in wanted)

    def _places(self) -> NDArray[np.int64] | None:
        """The numbers in the source, which counts unusable pictures too; None where only reading all of it can tell."""
        if not self.images.skipped:
            return self.numbers
        if not isinstance(self.source, FolderSource):
            return None
        skipped = {name for name, _ in self.images.skipped}
        usable = np.array([place for place, name in enumerate(self.source.files) if name not in skipped])
        return usable[self.numbers]


def shrunk(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Pixels H W 3 at that size, antialiased; itself, if it has it."""
    if pixels.shape[:2] == (size.height, size.width):
        return pixels
    resized = Image.fromarray(pixels).resize((size.width, size.height), Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.uint8)


def compressed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels H W 3 after JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    with Image.open(file) as image:
        return np.asarray(image)


def own_side(source: PictureStream, shape: Size, kept: int) -> int:
    """The usual shorter side of a source's pictures when they are cut to a shape; that `kept` where they don't tell."""
    sizes = source.native_sizes(LOOKED_AT)
    sides = [shorter(shape) * min(one.height / shape.height, one.width / shape.width) for one in sizes]
    return max(1, int(np.median(sides))) if sides else kept
