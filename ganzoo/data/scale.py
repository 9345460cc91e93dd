"""How large images are kept for a training: at its own size, or larger for crops."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np

from ganzoo.config.configuration import Configuration
from ganzoo.config.settings import AUTO, RunSettings
from ganzoo.config.units import Size
from ganzoo.data.source import ImageSource, PictureStream
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


def scale_of(
    configuration: Configuration,
    sides: Callable[[], Mapping[str, PictureStream]],
    tell: Callable[[str], None] = lambda _: None,
) -> Scale:
    """What `load_size` and `crop` come out as for the images of the `sides`, which are opened only if need be.

    It tells of images that could be kept larger. Raises UsageError for a `load_size` that is smaller than the training
    size, or that is of use for crops only.
    """
    settings = configuration.settings
    least = shorter(settings.size)
    wanted = configuration.model.spec.task == "translate" if settings.crop == AUTO else settings.crop
    if not wanted:
        return Scale(_without_crops(settings), False)
    load_size = _usual(sides(), settings.size, tell) if settings.load_size == AUTO else settings.load_size
    if load_size < least:
        raise UsageError(f"load_size={load_size} is smaller than the size {settings.size} to train at")
    return Scale(load_size, load_size > least)


def with_scale(configuration: Configuration, scale: Scale) -> Configuration:
    """The configuration with that scale. What was written as `auto` keeps that as its origin, once it is a number."""
    settings = configuration.settings
    written = {key: AUTO for key in asdict(scale) if getattr(settings, key) == AUTO and key in configuration.origins}
    origins = {**configuration.origins, **written}
    return replace(configuration, settings=settings.model_copy(update=asdict(scale)), origins=origins)


def kept_size(settings: RunSettings, margin: float) -> Size:
    """The size at which images are kept: that of the training with its margin, or larger where crops are taken."""
    crop = settings.crop is True and settings.load_size != AUTO
    return grown(settings.size, margin, settings.load_size if crop else 0)  # type: ignore[arg-type]  # a number


def grown(size: Size, margin: float, load_size: int) -> Size:
    """The size with that shorter side, but at least with that margin."""
    return enlarged(size, max(margin, load_size / shorter(size)))


def enlarged(size: Size, margin: float) -> Size:
    """The size multiplied by `margin`, rounded up."""
    # Rounded first, because 50 * 1.1 is 55.00000000000001 in floating point, and its ceiling 56.
    height, width = (math.ceil(round(side * margin, 6)) for side in (size.height, size.width))
    return Size(height, width)


def in_multiples(size: Size, multiple: int) -> Size:
    """The size with both sides rounded down to multiples."""
    return Size(size.height // multiple * multiple, size.width // multiple * multiple)


def shorter(size: Size) -> int:
    """The shorter side."""
    return min(size.height, size.width)


def usual_side(sizes: Iterable[Size], size: Size) -> int:
    """The shorter side at which most images are not enlarged, for a training at `size`: from there up to `LARGEST`.

    It is the median of the shorter sides that images of these `sizes` have once they are cut to the shape of `size`.
    """
    sides = [shorter(size) * min(one.height / size.height, one.width / size.width) for one in sizes]
    return max(shorter(size), min(LARGEST, int(np.median(sides)))) if sides else shorter(size)


def _usual(sides: Mapping[str, PictureStream], size: Size, tell: Callable[[str], None]) -> int:
    """The side that suits all data sets. Where a size is unknown it is that of the training, and costs nothing."""
    sizes = {name: side.native_sizes(LOOKED_AT) for name, side in sides.items()}
    unknown = [name for name, found in sizes.items() if not found]
    drawn = all(isinstance(sides[name], ImageSource) for name in unknown)
    if unknown and not (drawn and len(unknown) == len(sides)):
        tell(
            f"training on whole images, as the sizes of those of {' and '.join(unknown)} are not known before they are"
            f" read: --set load_size={LARGEST} keeps all of them at {LARGEST} pixels and trains on crops"
        )
    return min(usual_side(found, size) for found in sizes.values())


def _without_crops(settings: RunSettings) -> int:
    side = shorter(settings.size)
    if settings.load_size not in (AUTO, side):
        raise UsageError(
            f"load_size={settings.load_size} keeps images for crops, and none are taken: give crop=true as well, or a"
            " larger --size"
        )
    return side
