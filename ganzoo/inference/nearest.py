"""Drawn pictures beside the training images that are nearest to them: whether a model draws, or repeats."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import recorded_configuration
from ganzoo.data.cache import Images, prepare
from ganzoo.data.images import to_uint8
from ganzoo.data.split import split
from ganzoo.encoders import encode
from ganzoo.engine.inputs import learnt_from, open_source
from ganzoo.errors import DataError
from ganzoo.metrics.copies import near_copies, nearest_images
from ganzoo.runs.folder import read_run_file
from ganzoo.scoring.build import build_encoder
from ganzoo.scoring.features import features_of
from ganzoo.scoring.scorer import chosen

_K = 5
"""The nearest training image is compared with the fifth nearest, so there must be six."""


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """Pictures and their nearest training images, both N 3 H W in [-1, 1], the likest pair first.

    `copies` says which of them are near copies; by chance a share of `expected` would be.
    """

    pictures: Tensor
    training: Tensor
    copies: Tensor
    expected: float

    def pairs(self) -> Tensor:
        """Each picture followed by its training image, 2N 3 H W."""
        return torch.stack([self.pictures, self.training], dim=1).flatten(0, 1)


def nearest_training(run: Path, pictures: Tensor, catalog: Catalog, device: torch.device) -> Nearest:
    """Compares pictures N 3 H W in [-1, 1] that the model of a run drew with what it was trained on.

    By the features that its scores use, among at most 2,000 training images, as the metric `copies`. Raises DataError
    when the images have changed since, or are too few to say what is near.
    """
    configuration, images = _images_of(run, catalog)
    numbers = chosen(split(len(images), configuration.settings.held_out).train)
    if len(numbers) <= _K:
        raise DataError(f"{len(numbers)} training images are too few to say which are near: {_K + 1} are needed")
    encoder = build_encoder(configuration)
    real = features_of(encoder, images, numbers, device)
    fake = encode(encoder, to_uint8(pictures).permute(0, 2, 3, 1).numpy(), device=device).cpu()
    found, copies = nearest_images(real, fake), near_copies(real, fake, k=_K)
    order = found.distance.argsort()
    order = torch.cat([order[copies.which[order]], order[~copies.which[order]]])
    beside, _ = images.take(numbers[found.index[order].numpy()])
    return Nearest(
        pictures=pictures[order],
        training=beside.float() / 127.5 - 1,
        copies=copies.which[order],
        expected=copies.expected,
    )


def _images_of(run: Path, catalog: Catalog) -> tuple[Configuration, Images]:
    """The images that the run learned from, held-out ones included."""
    content = read_run_file(run)
    configuration = recorded_configuration(content, catalog)
    settings = configuration.settings
    source = open_source(configuration, learnt_from(configuration))
    images = prepare(source, settings.size, max_bad=settings.max_bad)
    if images.fingerprint != content["data"]["fingerprint"]:
        raise DataError(f"the images have changed since '{run}' was trained, so nothing can be said of copies")
    return configuration, images
