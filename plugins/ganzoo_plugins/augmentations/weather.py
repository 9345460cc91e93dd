"""Fog, rain and snow over images B 3 H W in [0, 1], drawn from torch's global generator: use inside `seeded`."""

import torch
import torch.nn.functional as F
from kornia.augmentation import RandomRain
from kornia.filters import gaussian_blur2d
from torch import Tensor

_FINE = 2
"""Rain and flakes are drawn this many times finer and then averaged, since they are thinner than pixels."""


def fog(images: Tensor) -> Tensor:
    """Light scattered by drifting haze: i·t + a·(1 - t) with air light `a`, thicker towards the top, the far end."""
    batch, _, height, width = images.shape
    drift = F.interpolate(_uniform(images, batch, 1, 3, 4), (height, width), mode="bicubic", align_corners=True)
    far = torch.linspace(1, 0.4, height, device=images.device)[:, None]
    density = _between(images, 0.5, 0.9) * far * (0.7 + 0.5 * drift)
    return torch.lerp(images, _lit(images, _between(images, 0.72, 0.9)), density.clamp(0, 1))


def rain(images: Tensor) -> Tensor:
    """Slanted streaks, thin and bright, under a sky a little darker."""
    batch, _, height, width = images.shape
    size = (batch, 1, _FINE * height, _FINE * width)
    longest = max(3, size[2] // 8)
    slant = max(1, longest // 4)
    drops = max(1, round(size[2] * size[3] / (longest * 12)))
    streaks = RandomRain(
        number_of_drops=(drops // 2, drops), drop_height=(longest // 2, longest), drop_width=(-slant, slant), p=1
    )(torch.zeros(size, device=images.device))
    cover = F.avg_pool2d((streaks > 0).float(), _FINE) * _between(images, 0.35, 0.6)
    return torch.lerp(_overcast(images, 0.85), _lit(images, 0.88), cover)


def snow(images: Tensor) -> Tensor:
    """Soft flakes, few near and large, many far and small, under a sky a little greyer."""
    height, width = images.shape[2:]
    white, scale = _lit(images, 0.97), max(1.0, min(height, width) / 80)
    images = _overcast(images, 0.92)
    for count, radius, cover in ((140, 0.4, 0.5), (30, 0.65, 0.85)):
        flakes = _flakes(images, count, radius * scale)
        images = torch.lerp(images, white, flakes * _between(images, cover - 0.15, cover))
    return images


def _flakes(images: Tensor, count: int, radius: float) -> Tensor:
    """How far flakes cover each pixel, B 1 H W in [0, 1]: about `count` of that radius in pixels."""
    batch, _, height, width = images.shape
    points = _uniform(images, batch, 1, _FINE * height, _FINE * width)
    points = (points < count / (points[0].numel())).float()
    sigma = radius * _FINE
    side = 2 * round(2.5 * sigma) + 1
    blurred = gaussian_blur2d(points, (side, side), (sigma, sigma)) * (6.3 * sigma * sigma)  # 1 in a flake's middle
    return F.avg_pool2d(blurred.clamp(0, 1), _FINE)


def _lit(images: Tensor, white: float | Tensor) -> Tensor:
    """What fog, drops and flakes look like by day or night: the colour `white` under each image's light."""
    light = 0.3 + 0.7 * (2 * images.mean(dim=(1, 2, 3), keepdim=True)).clamp(0, 1)
    return (white * light).expand_as(images)


def _overcast(images: Tensor, light: float) -> Tensor:
    """Darker, and with a third of the colour gone."""
    grey = images.mean(dim=1, keepdim=True)
    return torch.lerp(images, grey.expand_as(images), 0.33) * light


def _between(images: Tensor, low: float, high: float) -> Tensor:
    """One number an image, B 1 1 1."""
    return low + (high - low) * _uniform(images, len(images), 1, 1, 1)


def _uniform(images: Tensor, *size: int) -> Tensor:
    return torch.rand(size).to(images.device, non_blocking=True)
