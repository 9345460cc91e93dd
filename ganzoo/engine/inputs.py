"""The images that a configuration names: what is learnt from, and what a translator starts from."""

import math

from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Size
from ganzoo.data.cache import Images, prepare
from ganzoo.data.source import PictureStream
from ganzoo.model import Augmentation
from ganzoo.parts import Parts
from ganzoo.runs.view import View
from ganzoo.specs import ImageShape, load_target


def learnt_from(configuration: Configuration) -> str:
    """The field with the images to learn from: the paintings of a translator, else the data."""
    return "style" if "style" in configuration.parts else "data"


def read_sources(configuration: Configuration, view: View) -> Images | None:
    """The photos that a translator starts from, None for a model that draws from noise."""
    if learnt_from(configuration) == "data":
        return None
    return read_images(open_source(configuration), configuration, view)


def open_source(configuration: Configuration, field: str = "data") -> PictureStream:
    """The data set that the configuration names; nothing is read yet."""
    part = configuration.parts[field]
    source: PictureStream = load_target(part.spec.target)(part.options)
    return source


def read_images(source: PictureStream, configuration: Configuration, view: View) -> Images:
    """All images at training size, with the augmentation's margin; the view hears which were skipped or changed.

    Raises DataError when more are unusable than `max_bad` allows.
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


def build_augmentation(configuration: Configuration) -> Augmentation:
    """What changes the images as they are drawn."""
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width)
    augment: Augmentation = Parts(configuration.parts).build("augment_data", shape=shape)
    return augment


def enlarged(size: Size, margin: float) -> Size:
    """The size that many times larger, rounded up."""
    height, width = (math.ceil(round(side * margin, 6)) for side in (size.height, size.width))  # 1.1 x 50 is not 56
    return Size(height, width)
