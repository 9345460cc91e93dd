"""Changes of pictures: to grey, to blurred edges, to YUV."""

import kornia
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

_LOW, _HIGH = 100 / 255, 200 / 255
_AROUND = 5
"""Width of the blurred area around an edge, and side of the blur, in pixels."""


def grey(images: Tensor) -> Tensor:
    """B 3 H W in [-1, 1] -> the same without colour."""
    values: Tensor = kornia.color.rgb_to_grayscale(images).expand_as(images)
    return values


def yuv(images: Tensor) -> Tensor:
    """B 3 H W in [-1, 1] -> Y in [0, 1], U and V."""
    values: Tensor = kornia.color.rgb_to_yuv((images + 1) / 2)
    return values


@torch.no_grad()
def smooth_edges(images: Tensor) -> Tensor:
    """B 3 H W in [-1, 1] -> the same, blurred along its edges only (CartoonGAN, doi 10.1109/CVPR.2018.00986)."""
    with torch.autocast(images.device.type, enabled=False):
        values = images.float()
        _, edges = kornia.filters.canny((values + 1) / 2, _LOW, _HIGH)
        near = max_pool2d(edges, _AROUND, stride=1, padding=_AROUND // 2)
        blurred = kornia.filters.gaussian_blur2d(values, (_AROUND, _AROUND), (1.1, 1.1))
        return torch.where(near > 0, blurred, values)
