"""The images that a configuration names: what a model learns from, and the photos that a translator starts from."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Size
from ganzoo.data.cache import Images, prepare
from ganzoo.data.pairs import partners
from ganzoo.data.source import PictureStream
from ganzoo.data.training import TrainingData
from ganzoo.model import Augmentation
from ganzoo.parts import Parts
from ganzoo.runs.view import View
from ganzoo.specs import ImageShape, load_target


class DataSources:
    """The data sources of a configuration, each opened once, when it is first needed."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    @cached_property
    def target(self) -> PictureStream:
        """What the model learns from: the paintings of a translator, else the data."""
        return open_source(self.configuration, target_field(self.configuration))

    @cached_property
    def photos(self) -> PictureStream | None:
        """What a translator starts from; None for a model that draws from noise."""
        return None if target_field(self.configuration) == "data" else open_source(self.configuration)

    def read(self, view: View) -> tuple[Images, Images | None]:
        """All images to learn from, and all photos, as `read_images` gives them."""
        images = read_images(self.target, self.configuration, view)
        return images, None if self.photos is None else read_images(self.photos, self.configuration, view)

    def plain_target(self, view: View | None = None, *, read: Images | None = None) -> Images:
        """All images to learn from at training size, without a margin; those `read` before, where they have none."""
        return read_plain(self.target, self.configuration, view, read)

    def plain_photos(self, view: View | None = None, *, read: Images | None = None) -> Images | None:
        """All photos at training size, without a margin; those `read` before, where they have none."""
        return None if self.photos is None else read_plain(self.photos, self.configuration, view, read)

    def training_data(self, images: Images, photos: Images | None, *, paired: bool) -> TrainingData:
        """What to train on of images that were read. Raises DataError when no pairs can be made of them."""
        pairs = None
        if paired and photos is not None and self.photos is not None:
            pairs = partners(images, self.target, photos, self.photos)
        return split_images(self.configuration, images, photos, pairs)


def target_field(configuration: Configuration) -> str:
    """The option that names what the model learns from: "style" for a translator, else "data"."""
    return "style" if "style" in configuration.parts else "data"


def open_source(configuration: Configuration, field: str = "data") -> PictureStream:
    """The data source that the configuration names in that field. No picture is read yet."""
    part = configuration.parts[field]
    source: PictureStream = load_target(part.spec.target)(part.options)
    return source


def read_images(source: PictureStream, configuration: Configuration, view: View) -> Images:
    """All images at training size, with the augmentation's margin; the view hears which were skipped or changed.

    Raises DataError when more images are unusable than `max_bad` allows.
    """
    settings = configuration.settings
    size = enlarged(settings.size, build_augmentation(configuration).margin)
    images = prepare(source, size, view, max_bad=settings.max_bad)
    if images.skipped:
        first, problem = images.skipped[0]
        count = len(images) + len(images.skipped)
        view.notice(f"{len(images.skipped)} of {count} images skipped, such as '{first}': {problem}")
    for note, number in images.notes.items():
        view.notice(f"{number} of {len(images)} images: {note}")
    return images


def read_plain(
    source: PictureStream, configuration: Configuration, view: View | None = None, read: Images | None = None
) -> Images:
    """All images at training size, without the margin of an augmentation: as scores see them.

    These are the images `read` before, where they have that size. Raises DataError as `read_images` does.
    """
    settings = configuration.settings
    if read is not None and read.pixels.shape[1:3] == (settings.size.height, settings.size.width):
        return read
    return prepare(source, settings.size, view, max_bad=settings.max_bad)


def split_images(
    configuration: Configuration,
    images: Images,
    photos: Images | None = None,
    pairs: NDArray[np.int64] | None = None,
) -> TrainingData:
    """What to train on: all but the part that the configuration holds out; `pairs` as for `TrainingData.of`."""
    return TrainingData.of(images, photos, held_out=configuration.settings.held_out, partners=pairs)


def build_augmentation(configuration: Configuration) -> Augmentation:
    """The augmentation of images as they are drawn from the data."""
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width)
    augment: Augmentation = Parts(configuration.parts).build("augment_data", shape=shape)
    return augment


def enlarged(size: Size, margin: float) -> Size:
    """The size multiplied by `margin`, rounded up."""
    height, width = (math.ceil(round(side * margin, 6)) for side in (size.height, size.width))  # 1.1 x 50 is not 56
    return Size(height, width)
