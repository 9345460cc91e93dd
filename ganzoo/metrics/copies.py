"""Shows whether a model repeats its training images: the nearest ones, and the share of near copies."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ganzoo.metrics.distances import nearest, nearest_other
from ganzoo.metrics.features import as_feature_sets, as_features


@dataclass(frozen=True, kw_only=True)
class NearestImages:
    """For each fake image: the distance to the nearest training image, and that image's row."""

    distance: Tensor
    index: Tensor


@dataclass(frozen=True, kw_only=True)
class Copies:
    """The share of fake images that are near copies. A perfect model, which draws new images, has about `expected`.

    The nearness of an image is its distance to the nearest training image over its distance to the k-th nearest. It is
    0 for a copy, and near 1 for an image that resembles none in particular.

    which: whether each fake image is a near copy, M.
    share: the share of fake images whose nearness is `threshold` or less.
    threshold: the nearness below which a share of `expected` of the real images lie among the other real images.
    distance: the mean distance of the fake images to their nearest training image.
    reference: the mean distance of the real images to their nearest other real image.
    """

    which: Tensor = field(compare=False, repr=False)
    share: float
    expected: float
    threshold: float
    distance: float
    reference: float


def nearest_images(real: Tensor, fake: Tensor) -> NearestImages:
    """The nearest training image (N x D) of each fake image (M x D). Raises ValueError as `as_feature_sets` does."""
    real, fake = _centred(*as_feature_sets(real, fake))
    distance, index = nearest(fake, real)
    return NearestImages(distance=distance[:, 0], index=index[:, 0])


def near_copies(real: Tensor, fake: Tensor, *, quantile: float = 0.01, k: int = 5) -> Copies:
    """Finds the fake images (M x D) that are near copies of training images (N x D).

    The threshold comes from the real images. A new image is as near to the training images as these are to each other,
    so only a share of `quantile` of new images falls below that quantile of the real ones. This holds for any encoder
    and its units. Distances are compared relative to the k-th nearest: by distance alone, a model with a tenth less
    variety that copies nothing would seem to copy nearly every image.

    Up to k - 1 copies of an image in the training set do no harm. Equal real images are left out of the threshold,
    because they say nothing about how near different ones come. A fake image equal to a training image always counts.
    Raises ValueError for k < 2, k real images or fewer, a quantile outside 0..1, and as `as_feature_sets` does.
    """
    if not 0 <= quantile <= 1 or k < 2:
        raise ValueError(f"quantile {quantile}, k {k}: give a quantile from 0 to 1 and k of at least 2")
    real, fake = _centred(*as_feature_sets(as_features(real, "real", least=k + 1), fake))
    among_real, to_real = nearest_other(real, k)[0], nearest(fake, real, k)[0]
    distinct = _nearness(among_real[among_real[:, 0] > 0])
    threshold = float(torch.quantile(distinct, quantile)) if len(distinct) else 0.0
    which = _nearness(to_real) <= threshold
    return Copies(
        which=which,
        share=float(which.double().mean()),
        expected=quantile,
        threshold=threshold,
        distance=float(to_real[:, 0].mean()),
        reference=float(among_real[:, 0].mean()),
    )


def _nearness(distances: Tensor) -> Tensor:
    """Nearest over k-th nearest distance, from ascending distances N x k: N in 0..1, and 0 for k equal images."""
    return (distances[:, 0] / distances[:, -1]).nan_to_num(0.0)


def _centred(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    centre = real.mean(0)
    return real - centre, fake - centre
