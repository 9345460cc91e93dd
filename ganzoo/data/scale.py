"""How large images are kept for a training: at its own size, or larger for crops."""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np

from ganzoo.config.configuration import Configuration
from ganzoo.config.settings import AUTO, RunSettings
from ganzoo.config.units import Size
from ganzoo.data.source import PictureStream
from ganzoo.errors import UsageError

LARGEST = 256
"""The largest shorter side at which images are kept unless `load_size` says more."""
LOOKED_AT = 64
"""Of how many images of a data set the header is read, to see how large they are."""


@dataclass(frozen=True)
class Scale:
    """The shorter side at which images are kept, and whether crops of them are taken."""

    load_size: int
    crop: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """The scale that `str` wrote."""
        load_size, crop = text.split()
        return cls(int(load_size), crop == "True")

    def __str__(self) -> str:
        return f"{self.load_size} {self.crop}"


def scale_of(configuration: Configuration, sides: Callable[[], Iterable[PictureStream]]) -> Scale:
    """What `load_size` and `crop` come out as for the images of the `sides`, which are opened only if need be.

    Raises UsageError for a `load_size` that is smaller than the training size, or that is of use for crops only.
    """
    settings = configuration.settings
    wanted = configuration.model.spec.task == "translate" if settings.crop == AUTO else settings.crop
    load_size = _load_size(settings, sides) if wanted else _without_crops(settings)
    return Scale(load_size, wanted and load_size > shorter(settings.size))


def with_scale(configuration: Configuration, scale: Scale) -> Configuration:
    """The configuration with that scale."""
    return replace(configuration, settings=configuration.settings.model_copy(update=asdict(scale)))


def shorter(size: Size) -> int:
    """The shorter side."""
    return min(size.height, size.width)


def kept_size(settings: RunSettings, margin: float) -> Size:
    """The size at which images are kept: that of the training with its margin, or larger where crops are taken."""
    if settings.crop is not True or settings.load_size == AUTO:
        return enlarged(settings.size, margin)
    return enlarged(settings.size, max(margin, settings.load_size / shorter(settings.size)))


def enlarged(size: Size, margin: float) -> Size:
    """The size multiplied by `margin`, rounded up."""
    # Rounded first, because 50 * 1.1 is 55.00000000000001 in floating point, and its ceiling 56.
    height, width = (math.ceil(round(side * margin, 6)) for side in (size.height, size.width))
    return Size(height, width)


def _load_size(settings: RunSettings, sides: Callable[[], Iterable[PictureStream]]) -> int:
    least = shorter(settings.size)
    if settings.load_size == AUTO:
        found = [side for source in sides() if (side := _usual_side(source, settings.size))]
        return max(least, min([LARGEST, *found])) if found else least
    if settings.load_size < least:
        raise UsageError(f"load_size={settings.load_size} is smaller than the size {settings.size} to train at")
    return settings.load_size


def _without_crops(settings: RunSettings) -> int:
    side = shorter(settings.size)
    if settings.load_size not in (AUTO, side):
        raise UsageError(
            f"load_size={settings.load_size} keeps images for crops, and none are taken: give crop=true as well, or a"
            " larger --size"
        )
    return side


def _usual_side(source: PictureStream, size: Size) -> int:
    """The median of the shorter sides that images have when they are cut to the shape of `size`; 0 without sizes."""
    found = source.native_sizes(LOOKED_AT)
    sides = [shorter(size) * min(one.height / size.height, one.width / size.width) for one in found]
    return int(np.median(sides)) if sides else 0
