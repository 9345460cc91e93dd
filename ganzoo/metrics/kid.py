"""Kernel distance between two sets of features, unbiased, with a bootstrap interval (KID, arXiv 1801.01401).

Models are ranked by this score. Its expectation does not depend on the number of images, so it suits small sets. With
the features of the Inception network it is the published KID.
"""

import torch
from torch import Tensor

from ganzoo.metrics.features import as_feature_sets, subset
from ganzoo.metrics.score import Score


def kid(real: Tensor, fake: Tensor, *, limit: int = 2000, resamples: int = 1000, seed: int = 0) -> Score:
    """Squared MMD under the kernel (x·y / D + 1)³ of `real` (N x D) and `fake` (M x D); 0 in expectation if alike.

    It uses all pairs of images; from a set of more than `limit` images it draws a subset with `seed`. An unbiased score
    may be slightly negative. Rotating both sets in feature space leaves the score unchanged, shifting them does not.

    The 95 % interval is the percentile bootstrap over the images of both sets, None with 0 `resamples`. It is about 1.7
    times too wide when the sets hardly differ and right when they do, so an interval above 0 can be relied on. The same
    real images and seed give the same draws of real images whatever the fake ones are.
    Raises ValueError for sets of fewer than two images and as `as_feature_sets` does.
    """
    real, fake = as_feature_sets(real, fake, least=2)
    if limit < 2 or resamples < 0:
        raise ValueError(f"limit {limit}, resamples {resamples}: give at least 2 and 0")
    rng = torch.Generator().manual_seed(seed)
    real = subset(real, limit, rng)
    real_weights = bootstrap_weights(len(real), resamples, rng).to(real)
    fake = subset(fake, limit, rng)
    fake_weights = bootstrap_weights(len(fake), resamples, rng).to(fake)

    kernels = kernel(real, real).fill_diagonal_(0), kernel(fake, fake).fill_diagonal_(0), kernel(real, fake)
    value = weighted_mmd(*kernels, real.new_ones(1, len(real)), fake.new_ones(1, len(fake)))
    low, high = interval(weighted_mmd(*kernels, real_weights, fake_weights))
    return Score(name="kid", value=float(value), low=low, high=high)


def kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / D + 1)³ of each row of `x` (N x D) with each row of `y` (M x D): N x M."""
    base = (x @ y.T).div_(x.shape[1]).add_(1)
    return base.square().mul_(base)


def bootstrap_weights(count: int, resamples: int, rng: torch.Generator) -> Tensor:
    """How often each of `count` images occurs in each resample, drawn with replacement: resamples x count."""
    draws = torch.randint(count, (resamples, count), generator=rng)
    return torch.zeros(resamples, count, dtype=torch.float64).scatter_add_(
        1, draws, torch.ones(1, dtype=torch.float64).expand(resamples, count)
    )


def weighted_mmd(xx: Tensor, yy: Tensor, xy: Tensor, x_weights: Tensor, y_weights: Tensor) -> Tensor:
    """Squared MMD (arXiv 1801.01401, eq. 4) from kernel matrices, once for each row of weights (R x N, R x M): R.

    The diagonals of `xx` and `yy` must be zero: pairs of an image with itself, and with its duplicates in a resample,
    would bias the result. A resample that consists of one image alone gives NaN.
    """
    across = (x_weights @ xy).mul(y_weights).sum(1) / (x_weights.sum(1) * y_weights.sum(1))
    return _mean_within(xx, x_weights) + _mean_within(yy, y_weights) - 2 * across


def _mean_within(kernel_values: Tensor, weights: Tensor) -> Tensor:
    pairs = weights.sum(1).square() - weights.square().sum(1)
    return (weights @ kernel_values).mul(weights).sum(1) / pairs


def interval(resampled: Tensor) -> tuple[float, float] | tuple[None, None]:
    """The 2.5 % and 97.5 % quantiles of a statistic's resamples without NaN; None, None if none is left."""
    defined = resampled[~resampled.isnan()]
    if not len(defined):
        return None, None
    low, high = torch.quantile(defined, defined.new_tensor([0.025, 0.975])).tolist()
    return low, high
