"""Shows what a training sees of a data set, in crops and under an augmentation, as one picture."""

from collections.abc import Iterator
from itertools import islice

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ganzoo.config.configuration import ResolvedPart
from ganzoo.config.settings import AUTO, Auto
from ganzoo.config.units import Size
from ganzoo.data.crop import cropped
from ganzoo.data.images import from_uint8, grid
from ganzoo.data.scale import LOOKED_AT, enlarged, grown, shorter, usual_side
from ganzoo.data.source import ImageSource, Picture, PictureStream
from ganzoo.errors import DataError, UsageError
from ganzoo.model import Augmentation
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape

ROWS, VARIANTS = 6, 8
_CANDIDATES = 4 * ROWS


def preview(
    data: ResolvedPart, augmentation: ResolvedPart, size: Size, *, seed: int = 0, load_size: int | Auto = 0
) -> Image.Image:
    """A picture with a row for each of some images of the data: the image, then augmented versions of it.

    With a `load_size` these are crops of images that are kept at that shorter side. Raises DataError when no image can
    be read, PluginError when a part can't be imported, UsageError when images are no larger than their crops.
    """
    parts = Parts({"data": data, "augment": augmentation})
    augment = parts.build("augment", shape=ImageShape(height=size.height, width=size.width))
    source = parts.build("data")
    side = usual_side(source.native_sizes(LOOKED_AT), size) if load_size == AUTO else load_size
    if load_size and side <= shorter(size):
        raise UsageError(
            f"no crops of {size} are taken of pictures of {side} pixels, or of unknown size: a smaller --size or a"
            " larger --load-size gives some"
        )
    images = _some_images(source, grown(size, augment.margin, side))
    seen = enlarged(size, augment.margin) if load_size else None
    rows = [_shrunk(from_uint8(images), size), *_variants(images, augment, seed, seen)]
    return grid(torch.stack(rows, dim=1).flatten(0, 1), columns=len(rows))


@torch.no_grad()
def _variants(pixels: Tensor, augment: Augmentation, seed: int, crop: Size | None) -> list[Tensor]:
    """What a training draws, in its order: first the crop, then the augmentation."""
    rng = torch.Generator().manual_seed(seed)
    drawn = (pixels if crop is None else cropped(pixels, crop, rng) for _ in range(VARIANTS))
    return [augment(from_uint8(images), rng) for images in drawn]


def _some_images(source: PictureStream, size: Size) -> Tensor:
    """Up to `ROWS` images, uint8 B 3 H W."""
    problem = "it has none"
    found = []
    for picture in _candidates(source, size):
        if picture.pixels is None:
            problem = f"'{picture.name}': {picture.problem}"
        else:
            found.append(torch.from_numpy(picture.pixels.copy()))
        if len(found) == ROWS:
            break
    if not found:
        raise DataError(f"no image of the data can be read: {problem}")
    return torch.stack(found).permute(0, 3, 1, 2)


def _candidates(source: PictureStream, size: Size) -> Iterator[Picture]:
    """Images from all over a numbered set, or the first images of a stream."""
    if not isinstance(source, ImageSource):
        return islice(source.pictures(size), _CANDIDATES)
    count = min(_CANDIDATES, len(source))
    spread = [index * len(source) // count for index in range(count)]
    # The first image of each stretch comes first. The others stand in for those that can't be read.
    wanted = sorted(range(count), key=lambda place: place % max(1, count // ROWS))
    return source.read([spread[place] for place in wanted], size)


def _shrunk(images: Tensor, size: Size) -> Tensor:
    return F.interpolate(images, (size.height, size.width), mode="bilinear", antialias=True, align_corners=False)
