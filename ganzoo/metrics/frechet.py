"""Fréchet distance between the normal distributions fitted to two sets of features (arXiv 1706.08500, eq. 6).

It is the published FID only with the features of the Inception network that defines FID.
"""

import math

import torch
from torch import Tensor

from ganzoo.metrics.features import as_feature_sets
from ganzoo.metrics.score import Score


def frechet(real: Tensor, fake: Tensor) -> Score:
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) of `real` (N x D) and `fake` (M x D), exact at any N and M.

    Both sets need more images than features for the distance to rank models; otherwise `rankable` is False. With fewer
    images it lies far above 0 for equal distributions, and falls when a model loses variety.
    Raises ValueError for sets of fewer than two images and as `as_feature_sets` does.
    """
    real, fake = as_feature_sets(real, fake, least=2)
    shift = (real.mean(0) - fake.mean(0)).square().sum()
    roots = [covariance_root(features) for features in (real, fake)]
    variances = sum(root.square().sum() for root in roots)
    # With Σᵢ = RᵢᵀRᵢ, the eigenvalues of Σ₁Σ₂ are the squared singular values of R₁R₂ᵀ. This needs no D x D matrix
    # when N < D, no square root of a matrix, and no complex numbers.
    shared = torch.linalg.svdvals(roots[0] @ roots[1].T).sum()
    value = max(0.0, float(shift + variances - 2 * shared))
    return Score(name="frechet", value=value, rankable=min(len(real), len(fake)) > real.shape[1])


def covariance_root(features: Tensor) -> Tensor:
    """A matrix R of min(N, D) rows with RᵀR the covariance of `features` (N x D)."""
    centred = (features - features.mean(0)) / math.sqrt(len(features) - 1)
    count, dimension = centred.shape
    return centred if count <= dimension else torch.linalg.qr(centred, mode="r").R
