"""Pairs drawn images with the training images nearest to them, which shows whether a model repeats its data."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import recorded_configuration
from ganzoo.data.images import from_uint8, to_uint8
from ganzoo.data.inputs import DataSources, split_images
from ganzoo.encoders import encode
from ganzoo.errors import DataError
from ganzoo.inference.loading import moved
from ganzoo.metrics.copies import near_copies, nearest_images
from ganzoo.runs.run_file import check_has_data, check_was_trained, read_run_file
from ganzoo.scoring.build import build_encoder
from ganzoo.scoring.features import features_of
from ganzoo.scoring.scorer import chosen

_K = 5
"""The nearest training image is compared with the fifth nearest, so at least six are needed."""


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """Drawn pictures and their nearest training images, both N 3 H W in [-1, 1].

    `copies` (bool N) says which pictures are near copies; by chance a share of `expected` would be. Near copies come
    first; within them, and within the rest, the most similar pairs do.
    """

    pictures: Tensor
    training: Tensor
    copies: Tensor
    expected: float

    def pairs(self) -> Tensor:
        """Each picture followed by its training image, 2N 3 H W."""
        return torch.stack([self.pictures, self.training], dim=1).flatten(0, 1)


def nearest_training(
    run: Path, pictures: Tensor, catalog: Catalog, device: torch.device, *, data: str | None = None
) -> Nearest:
    """Compares pictures N 3 H W in [-1, 1] that a run's model drew with the images that it was trained on.

    It uses the features of the run's scores and at most 2,000 training images, as the metric `copies` does. `data` is
    where the training images are now, if they were moved. Raises DataError when the images have changed since the
    training, and when they are too few to say what is near.
    """
    content = read_run_file(run)
    check_was_trained(content)
    check_has_data(content, data)
    configuration = recorded_configuration(content, catalog, [moved(data)])
    images = DataSources(configuration).plain_target()
    if images.fingerprint != content["data"]["fingerprint"]:
        raise DataError(
            f"the images have changed since '{run}' was trained, so copies can't be found (where they were moved,"
            " --data says where they are now)"
        )
    numbers = chosen(split_images(configuration, images).numbers)
    if len(numbers) <= _K:
        raise DataError(f"{len(numbers)} training images are too few to find near copies: at least {_K + 1} are needed")
    encoder = build_encoder(configuration)
    real = features_of(encoder, images, numbers, device)
    fake = encode(encoder, to_uint8(pictures).permute(0, 2, 3, 1).numpy(), device=device).cpu()
    found, copies = nearest_images(real, fake), near_copies(real, fake, k=_K)
    order = found.distance.argsort()
    order = torch.cat([order[copies.which[order]], order[~copies.which[order]]])
    beside, _ = images.take(numbers[found.index[order].numpy()])
    return Nearest(
        pictures=pictures[order],
        training=from_uint8(beside),
        copies=copies.which[order],
        expected=copies.expected,
    )
