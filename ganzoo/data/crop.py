"""Takes crops of images at random scales, from the whole image to a window of its own pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.batch import rows_of
from ganzoo.config.units import Size


def cropped(pixels: Tensor, size: Size, rng: torch.Generator) -> Tensor:
    """A crop of each image, uint8 B 3 H W -> B 3 height width of `size`.

    Its scale is uniform in logarithm between all of the image, shrunk, and a window of `size` at 1:1. Its place is
    uniform. Each image is resampled alone, so that its crop does not depend on what else is in the batch.
    """
    numbers = rows_of(rng, len(pixels), lambda rows: torch.rand(rows, 3, generator=rng))
    return torch.stack([crop(image, size, *three) for image, three in zip(pixels, numbers.tolist(), strict=True)])


def crop(image: Tensor, size: Size, scale: float, down: float, right: float) -> Tensor:
    """The window of an image, uint8 3 H W, at `size`. A `scale` of 0 is 1:1 and 1 is whole, the place is in [0, 1)."""
    times = min(image.shape[1] / size.height, image.shape[2] / size.width) ** scale
    height, width = round(size.height * times), round(size.width * times)
    top, left = int(down * (image.shape[1] - height + 1)), int(right * (image.shape[2] - width + 1))
    window = image[:, top : top + height, left : left + width]
    if (height, width) == (size.height, size.width):
        return window
    return F.interpolate(window[None], (size.height, size.width), mode="bicubic", antialias=True)[0]
