"""Shows whether a model's samples are alike: their distances to each other, relative to those of real images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo.metrics.distances import mean_pairwise, nearest_other
from ganzoo.metrics.features import as_feature_sets, subset


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Ratios fake / real: about 1 for a model that draws from the real distribution, 0 for samples that are all alike.

    pairwise: ratio of the mean distances over all pairs. It falls when all samples become alike.
    nearest: ratio of the mean distances to the nearest other image. It also falls when samples repeat in a few groups.
    """

    pairwise: float
    nearest: float


def spread(real: Tensor, fake: Tensor, *, limit: int = 2000, seed: int = 0) -> Spread:
    """How far apart the fake images (M x D) are from each other, relative to the real ones (N x D).

    Distances to the nearest image depend on the number of images. So the same number is drawn from both sets with
    `seed`: that of the smaller set, at most `limit`.
    Raises ValueError for fewer than two images, for real images that are all equal, and as `as_feature_sets` does.
    """
    real, fake = as_feature_sets(real, fake, least=2)
    rng = torch.Generator().manual_seed(seed)
    count = min(len(real), len(fake), limit)
    if count < 2:
        raise ValueError(f"limit {limit}: give at least 2")
    real, fake = (_centred(subset(features, count, rng)) for features in (real, fake))
    real_pairwise, real_nearest = mean_pairwise(real), float(nearest_other(real)[0].mean())
    if real_nearest == 0:
        raise ValueError("every real image has an equal one, so there is no distance to compare with; remove copies")
    return Spread(
        pairwise=mean_pairwise(fake) / real_pairwise,
        nearest=float(nearest_other(fake)[0].mean()) / real_nearest,
    )


def _centred(features: Tensor) -> Tensor:
    return features - features.mean(0)
