"""Compares pairs of images: how much of one the other keeps, and how near it comes to the true one.

Images are B C H W, uint8 or floating-point in [-1, 1]; results are one number a pair: B, float64.
"""

import kornia
import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.metrics.features import as_features

_WINDOW = 11
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def psnr(images: Tensor, truth: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB; infinite for equal images.

    Raises ValueError unless both are images of the same shape.
    """
    images, truth = _as_image_pair(images, truth)
    # kornia pools the errors of a batch, and pairs shall be scored one by one.
    return torch.stack([kornia.metrics.psnr(*pair, max_val=1.0) for pair in zip(images, truth, strict=True)])


def ssim(images: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004, doi 10.1109/TIP.2003.819861), the mean over channels; 1 if equal.

    The window is a Gaussian of 11 x 11 pixels with a standard deviation of 1.5. Only places where it lies inside the
    image count. Raises ValueError as `psnr` does, and for images smaller than the window.
    """
    return _ssim(*_as_image_pair(images, truth, least=_WINDOW))


def gradient_ssim(images: Tensor, source: Tensor) -> Tensor:
    """Structural similarity of the gradient magnitudes of the grey images; 1 if equal.

    It compares where contours run and how strong they are, so it stays high when an image is only coloured or
    brightened (after doi 10.1109/ICIP.2006.313132). An edge of full contrast has a gradient of 1. Raises ValueError as
    `ssim` does.
    """
    pair = _as_image_pair(images, source, least=_WINDOW + 2)
    return _ssim(*(_gradient(_grey(member)) for member in pair))


def feature_cosine(features: Tensor, source: Tensor) -> Tensor:
    """Cosine of the angle between the rows of two N x D matrices: N, 1 if they point the same way, 0 for zero rows.

    Raises ValueError unless the shapes are the same, and as `as_features` does.
    """
    cosine: Tensor = F.cosine_similarity(*_as_feature_pair(features, source), dim=1, eps=1e-30)
    return cosine


def _ssim(a: Tensor, b: Tensor) -> Tensor:
    """The mean of the similarity map of images in [0, 1]."""
    # kornia's defaults pad the borders, and add 1e-12 to the denominator, which lowers flat dark images by 1e-5. The
    # published index does neither.
    similarity: Tensor = kornia.metrics.ssim(a, b, _WINDOW, max_val=1.0, eps=0.0, padding="valid")
    return similarity.flatten(1).mean(1)


def _gradient(grey: Tensor) -> Tensor:
    smooth, slope = grey.new_tensor([0.25, 0.5, 0.25]), grey.new_tensor([-1.0, 0.0, 1.0])
    across = _filter(_filter(grey, slope[None]), smooth[:, None])
    down = _filter(_filter(grey, slope[:, None]), smooth[None])
    return (across.square() + down.square()).sqrt()


def _filter(values: Tensor, kernel: Tensor) -> Tensor:
    """Filters each channel by itself, where the kernel lies inside the image."""
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
