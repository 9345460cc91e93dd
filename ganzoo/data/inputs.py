"""What training, scoring and sampling read: target images, and the source photos of a translator."""

import os
import time
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Size, duration
from ganzoo.data.cache import Images, prepare
from ganzoo.data.folder import FolderSource
from ganzoo.data.labels import without_images
from ganzoo.data.pairs import partners
from ganzoo.data.scale import kept_size
from ganzoo.data.source import PictureStream
from ganzoo.data.training import TrainingData
from ganzoo.data.walk import visible
from ganzoo.errors import DataError
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

    def sides(self) -> dict[str, PictureStream]:
        """The target, and the photos where there are some, by the option that names them."""
        target = {target_field(self.configuration): self.target}
        return target if self.photos is None else {"data": self.photos, **target}

    def read(self, view: View) -> tuple[Images, Images | None]:
        """All target images and all photos, decoded or from the cache; photos are None for a model without them."""
        started = time.monotonic()
        if self.photos is None:
            images, photos = read_images(self.target, self.configuration, view), None
        else:
            images = read_images(self.target, self.configuration, view, called="paintings")
            photos = read_images(self.photos, self.configuration, view, called="photos", labels=False)
        if self.configuration.settings.crop is True:
            view.notice(_kept(self.configuration, (images, photos), time.monotonic() - started))
        return images, photos

    def plain_target(self, view: View | None = None, *, decoded: Images | None = None) -> Images:
        """All target images at training size, without margin: `decoded` itself, if it has that size."""
        return read_plain(self.target, self.configuration, view, decoded)

    def plain_photos(self, view: View | None = None, *, decoded: Images | None = None) -> Images | None:
        """All photos at training size, without margin, as for `plain_target`; None without photos."""
        return None if self.photos is None else read_plain(self.photos, self.configuration, view, decoded)

    def whole_photos(self, view: View | None = None) -> Images | None:
        """All photos as large as they are kept for crops, else as for `plain_photos`; None without photos."""
        settings = self.configuration.settings
        size = kept_size(settings, 1.0)
        return None if self.photos is None else prepare(self.photos, size, view, max_bad=settings.max_bad)

    def training_data(self, images: Images, photos: Images | None, *, paired: bool) -> TrainingData:
        """The data to train on, without the held-out images. Raises DataError when `paired` images don't match up."""
        pairs = None
        if paired and photos is not None and self.photos is not None:
            pairs = partners(images, self.target, photos, self.photos)
        return split_images(self.configuration, images, photos, pairs)


def _kept(configuration: Configuration, sides: Iterable[Images | None], seconds: float) -> str:
    """A sentence about what the crops are taken from, and what it takes."""
    there = [side.pixels for side in sides if side is not None]
    count, size = sum(map(len, there)), sum(pixels.nbytes for pixels in there)
    _, height, width, _ = there[0].shape
    return (
        f"training on crops of {configuration.settings.size} pixels: {count:,} images are kept at {Size(height, width)}"
        f" pixels, {size / 1e6:,.0f} MB in the cache, ready after {duration(seconds)}"
    )


def target_field(configuration: Configuration) -> str:
    """The option that names the target images: "style" for a translator, else "data"."""
    return "style" if "style" in configuration.parts else "data"


def open_source(configuration: Configuration, field: str = "data") -> PictureStream:
    """The data source that the configuration names in that field. No picture is read yet.

    Raises DataError for a folder that is not there.
    """
    part = configuration.parts[field]
    if isinstance(part.options, FolderOptions) and not os.path.exists(part.options.path):
        raise DataError(
            f"the folder of {field}, '{visible(part.options.path)}', is not there: where it was moved, give --{field}"
            " with its new place"
        )
    source: PictureStream = load_target(part.spec.target)(part.options)
    return source


def read_images(
    source: PictureStream, configuration: Configuration, view: View, *, called: str = "images", labels: bool = True
) -> Images:
    """All images at training size, with the augmentation's margin; the view hears which were skipped or changed.

    `called` is what they are called then. Without `labels`, as for a translator's photos, it does not hear of those.

    Raises DataError when more images are unusable than `max_bad` allows.
    """
    settings = configuration.settings
    for text in source.remarks(labels=labels) if isinstance(source, FolderSource) else ():
        view.notice(text)
    size = kept_size(settings, build_augmentation(configuration).margin)
    images = prepare(source, size, view, max_bad=settings.max_bad)
    if images.skipped:
        first, problem = images.skipped[0]
        count = len(images) + len(images.skipped)
        view.notice(f"{len(images.skipped)} of {count} {called} skipped, such as '{visible(first)}': {problem}")
    gone = without_images(source.attributes, images.attributes) if labels else ()
    if gone:
        view.notice(f"labels without a usable image, which are left out: {', '.join(gone)}")
    for note, number in images.notes.items():
        view.notice(f"{number} of {len(images)} {called}: {note}")
    return images


def read_plain(
    source: PictureStream, configuration: Configuration, view: View | None = None, decoded: Images | None = None
) -> Images:
    """Reads all images without the augmentation's margin, as scores need them.

    Returns `decoded`, images read before, if they have that size. Raises DataError as `read_images` does.
    """
    settings = configuration.settings
    if decoded is not None and decoded.pixels.shape[1:3] == (settings.size.height, settings.size.width):
        return decoded
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


def fitted(pixels: Tensor, size: Size) -> Tensor:
    """Whole images uint8 B 3 H W that were read larger, at `size`."""
    if pixels.shape[2:] == (size.height, size.width):
        return pixels
    images = (Image.fromarray(image) for image in pixels.permute(0, 2, 3, 1).numpy())
    fitted = [ImageOps.fit(image, (size.width, size.height), Image.Resampling.LANCZOS) for image in images]
    return torch.from_numpy(np.stack([np.asarray(image) for image in fitted])).permute(0, 3, 1, 2)
