"""Precision, recall, density and coverage, from how the k-nearest-neighbour balls of two sets of features overlap."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo.metrics.distances import kth_nearest_squared, squared_distances
from ganzoo.metrics.features import as_feature_sets

_TIE = 1e-12
"""Share of the squared norms: above the rounding of a squared distance, far below the differences of images."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Shares in 0..1 (density may exceed 1); higher is better.

    precision: fake images within the ball of any real one (arXiv 1904.06991, eq. 2).
    recall: real images within the ball of any fake one.
    density: the mean number of balls of real images that a fake one lies in, over k (arXiv 2002.09797, eq. 4).
    coverage: real images with a fake one in their ball (arXiv 2002.09797, eq. 5).
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbours(real: Tensor, fake: Tensor, *, k: int = 5) -> Neighbours:
    """The four shares of `real` (N x D) and `fake` (M x D), with balls that reach to the k-th nearest other image.

    A point on the surface of a ball is within it (≤). So two sets of nothing but copies of one image score 1; with <
    they would score 0. Raises ValueError for k < 1 and sets of k images or fewer, and as `as_feature_sets` does.
    """
    if k < 1:
        raise ValueError(f"k is {k}; give at least 1")
    real, fake = as_feature_sets(real, fake, least=k + 1)
    centre = real.mean(0)
    real, fake = real - centre, fake - centre
    real_radii, fake_radii = kth_nearest_squared(real, k), kth_nearest_squared(fake, k)
    balls_of_fake = torch.zeros(len(fake), device=fake.device)
    recalled = covered = 0
    for block, squared in squared_distances(real, fake, slack=_TIE):
        in_real_ball = squared <= real_radii[block, None]
        balls_of_fake += in_real_ball.sum(0)
        covered += int(in_real_ball.any(1).sum())
        recalled += int((squared <= fake_radii).any(1).sum())
    return Neighbours(
        precision=float((balls_of_fake > 0).double().mean()),
        recall=recalled / len(real),
        density=float(balls_of_fake.double().mean()) / k,
        coverage=covered / len(real),
    )
