"""Pairs of images: how much of one is kept in the other, and how near it comes to a true rendition.

Images are B C H W, uint8 or floating-point in [-1, 1]; results are one number a pair: B, float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.metrics.features import as_features

_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True, kw_only=True)
class ContentAndStyle:
    """How far a translator is from keeping the content and from reaching the style: distances, 0 is best.

    The product ranks like ArtFID (arXiv 2207.12280), but a low one can be had with either part alone bad: show the
    parts beside it. `style` may be slightly negative, as unbiased scores are.
    Raises ValueError unless both are finite and above -1.
    """

    content: float
    style: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(part) and part > -1 for part in (self.content, self.style)):
            raise ValueError(f"content {self.content}, style {self.style}: give finite distances above -1")

    @property
    def product(self) -> float:
        """(1 + content) · (1 + style); 1 is best."""
        return (1 + self.content) * (1 + self.style)


def psnr(images: Tensor, truth: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB; infinite for equal images. Raises ValueError for what is no pair of images."""
    images, truth = _as_image_pair(images, truth)
    error: Tensor = (images - truth).square().flatten(1).mean(1)
    return -10 * error.log10()


def ssim(images: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004, doi 10.1109/TIP.2003.819861), the mean over channels; 1 if equal.

    Gaussian window of 11 x 11 pixels with a standard deviation of 1.5, where it lies inside the image.
    Raises ValueError for what is no pair of images and for images smaller than the window.
    """
    return _ssim(*_as_image_pair(images, truth, least=_WINDOW))


def gradient_ssim(images: Tensor, source: Tensor) -> Tensor:
    """Structural similarity of the gradient magnitudes of the grey images; 1 if equal.

    It compares where contours run and how strong they are, so it stays high when an image is only coloured or
    brightened (after doi 10.1109/ICIP.2006.313132). A full-contrast edge has gradient 1.
    Raises ValueError as `ssim` does.
    """
    pair = _as_image_pair(images, source, least=_WINDOW + 2)
    return _ssim(*(_gradient(_grey(member)) for member in pair))


def feature_cosine(features: Tensor, source: Tensor) -> Tensor:
    """Cosine of the angle between the rows of two N x D matrices: N, 1 if they point the same way, 0 for zero rows.

    Raises ValueError unless the shapes are the same, and as `as_features` does.
    """
    cosine: Tensor = F.cosine_similarity(*_as_feature_pair(features, source), dim=1, eps=1e-30)
    return cosine


def feature_distance(features: Tensor, truth: Tensor) -> Tensor:
    """Euclidean distance between the rows of two N x D matrices: N. Raises ValueError as `feature_cosine` does."""
    features, truth = _as_feature_pair(features, truth)
    distance: Tensor = torch.linalg.vector_norm(features - truth, dim=1)
    return distance


def perceptual_distance(
    maps: Sequence[Tensor], source_maps: Sequence[Tensor], weights: Sequence[Tensor] | None = None
) -> Tensor:
    """Distance of the maps (B C H W each) that a network gives at several depths (arXiv 1801.03924, eq. 1): B.

    Each position's channels are scaled to unit length; squared differences are weighted by channel (`weights`: one
    vector of C for each depth, all 1 if None), averaged over positions and summed over depths. It is LPIPS only with
    the network and the weights of its authors.
    Raises ValueError unless there is one map or more, and both sides and the weights have the same shapes.
    """
    shapes, source_shapes = ([tuple(one.shape) for one in side] for side in (maps, source_maps))
    if not shapes or shapes != source_shapes or any(len(shape) != 4 for shape in shapes):
        raise ValueError(f"maps have shapes {shapes} and {source_shapes}; give the same B C H W on both sides")
    if weights is None:
        weights = [one.new_ones(one.shape[1]) for one in maps]
    if [tuple(weight.shape) for weight in weights] != [shape[1:2] for shape in shapes]:
        raise ValueError(f"weights have shapes {[tuple(w.shape) for w in weights]}; give one vector of C for each map")
    layers = zip(maps, source_maps, weights, strict=True)
    return torch.stack([_layer_distance(*(one.detach().double() for one in layer)) for layer in layers]).sum(0)


def _layer_distance(maps: Tensor, source_maps: Tensor, weight: Tensor) -> Tensor:
    squared = (F.normalize(maps, eps=1e-10) - F.normalize(source_maps, eps=1e-10)).square()
    return torch.einsum("bchw,c->bhw", squared, weight).mean((1, 2))


def _ssim(a: Tensor, b: Tensor) -> Tensor:
    """For values in 0..1."""
    mean_a, mean_b, aa, bb, ab = (_blur(values) for values in (a, b, a * a, b * b, a * b))
    variances = (aa - mean_a.square()) + (bb - mean_b.square())
    covariance = ab - mean_a * mean_b
    light = (2 * mean_a * mean_b + _K1**2) / (mean_a.square() + mean_b.square() + _K1**2)
    structure = (2 * covariance + _K2**2) / (variances + _K2**2)
    return (light * structure).flatten(1).mean(1)


def _blur(values: Tensor) -> Tensor:
    steps = torch.arange(_WINDOW, dtype=values.dtype, device=values.device) - _WINDOW // 2
    window = (-0.5 * (steps / _SIGMA).square()).softmax(0)
    return _filter(_filter(values, window[:, None]), window[None])


def _gradient(grey: Tensor) -> Tensor:
    smooth, slope = grey.new_tensor([0.25, 0.5, 0.25]), grey.new_tensor([-1.0, 0.0, 1.0])
    across = _filter(_filter(grey, slope[None]), smooth[:, None])
    down = _filter(_filter(grey, slope[:, None]), smooth[None])
    return (across.square() + down.square()).sqrt()


def _filter(values: Tensor, kernel: Tensor) -> Tensor:
    """Each channel by itself, where the kernel lies inside the image."""
    batch, channels, height, width = values.shape
    filtered = F.conv2d(values.reshape(-1, 1, height, width), kernel[None, None])
    return filtered.reshape(batch, channels, *filtered.shape[2:])


def _grey(images: Tensor) -> Tensor:
    if images.shape[1] == 1:
        return images
    return torch.einsum("bchw,c->bhw", images, images.new_tensor(_LUMA))[:, None]


def _as_image_pair(images: Tensor, truth: Tensor, least: int = 1) -> tuple[Tensor, Tensor]:
    if images.shape != truth.shape:
        raise ValueError(f"images have shapes {tuple(images.shape)} and {tuple(truth.shape)}; give pairs of one size")
    return _as_images(images, least), _as_images(truth, least)


def _as_images(images: Tensor, least: int) -> Tensor:
    """B C H W, uint8 or floating-point in [-1, 1] -> float64 in [0, 1]."""
    if images.ndim != 4 or images.shape[1] not in (1, 3) or min(*images.shape[2:], images.shape[0] * least) < least:
        raise ValueError(f"images have shape {tuple(images.shape)}; give B C H W, C 1 or 3, H and W at least {least}")
    if images.dtype == torch.uint8:
        return images.double() / 255
    values = images.detach().double()
    if not images.is_floating_point() or not (values.abs() <= 1).all():
        raise ValueError(f"images are {images.dtype} in {values.min():.3g}..{values.max():.3g}; give uint8 or [-1, 1]")
    return (values + 1) / 2


def _as_feature_pair(features: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    if features.shape != other.shape:
        raise ValueError(f"features have shapes {tuple(features.shape)} and {tuple(other.shape)}; give pairs of rows")
    return as_features(features, "the first"), as_features(other, "the second")
