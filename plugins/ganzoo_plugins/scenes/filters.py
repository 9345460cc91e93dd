"""Image filters for the painted renditions, from exact operations only: same result in any batch."""

import math

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)


def unit(height: int, width: int) -> float:
    """Size in pixels of a detail that is one pixel in a 64 pixel image: larger pictures show finer work."""
    size = min(height, width) / 64.0
    return math.sqrt(size * math.sqrt(size))


def luminance(image: Tensor) -> Tensor:
    """B 3 H W in 0..1 to B H W in 0..1."""
    return image[:, 0] * LUMA[0] + image[:, 1] * LUMA[1] + image[:, 2] * LUMA[2]


def shifted(image: Tensor, down: int, right: int) -> Tensor:
    """The image seen `down` rows and `right` columns away, border pixels repeated."""
    height, width = image.shape[-2:]
    rows = (torch.arange(height, device=image.device) + down).clamp(0, height - 1)
    columns = (torch.arange(width, device=image.device) + right).clamp(0, width - 1)
    moved = image if down == 0 else image.index_select(-2, rows)
    return moved if right == 0 else moved.index_select(-1, columns)


def sharper(image: Tensor, radius: float, amount: float) -> Tensor:
    """Local contrast raised: what differs from the blurred image is stressed by the amount."""
    return image + (image - blur(image, radius)) * amount


def _smooth_line(image: Tensor, step: int, vertical: bool) -> Tensor:
    down, right = (step, 0) if vertical else (0, step)
    return image * 0.5 + (shifted(image, down, right) + shifted(image, -down, -right)) * 0.25


def blur(image: Tensor, radius: float) -> Tensor:
    """A soft blur of about that many pixels: small tents with growing steps."""
    step = 1
    while True:
        image = _smooth_line(_smooth_line(image, step, True), step, False)
        if step * 2 > radius:
            return image
        step *= 2


def slopes(image: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Differences across each pixel, to the right and down, over `step` pixels each side."""
    return (
        shifted(image, 0, step) - shifted(image, 0, -step),
        shifted(image, step, 0) - shifted(image, -step, 0),
    )


def edges(image: Tensor, step: int) -> Tensor:
    """Strength of the colour edges of B 3 H W: B H W, 0 where flat."""
    right, down = slopes(image, step)
    square = right * right + down * down
    return (square[:, 0] + square[:, 1] + square[:, 2]).sqrt()


def flow(image: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Direction along which the image changes least, a unit vector (x, y) of B H W each."""
    right, down = slopes(luminance(image), max(1, round(scale)))
    xx, yy, xy = (blur(part, 3.0 * scale) for part in (right * right, down * down, right * down))
    # Half the angle of the structure tensor, by half-angle formulas: no arc tangent is needed.
    twice, gap = 2.0 * xy, xx - yy
    length = (twice * twice + gap * gap).sqrt() + 1e-8
    cosine = (gap / length).clamp(-1.0, 1.0)
    across_x = ((1.0 + cosine) * 0.5).sqrt()
    across_y = ((1.0 - cosine) * 0.5).sqrt() * torch.where(twice < 0, -1.0, 1.0)
    return -across_y, across_x


def calmed(image: Tensor, scale: float) -> Tensor:
    """Kuwahara's filter: flat patches with sharp borders, as a brush would simplify."""
    reach = max(1, round(scale))
    mean = blur(image, scale)
    light = luminance(image)
    spread = (blur(light * light, scale) - blur(light, scale) ** 2).clamp(min=0.0)
    total: Tensor | float = 0.0
    weights: Tensor | float = 0.0
    for down in (-reach, reach):
        for right in (-reach, reach):
            calm = 1.0 / (1e-5 + shifted(spread, down, right))
            weight = calm * calm * calm
            total = total + shifted(mean, down, right) * weight.unsqueeze(1)
            weights = weights + weight
    assert isinstance(total, Tensor) and isinstance(weights, Tensor)
    return total / weights.unsqueeze(1)


def saturated(image: Tensor, amount: float) -> Tensor:
    """Colours pushed from grey by the amount, 1 leaving them alone."""
    grey = luminance(image).unsqueeze(1)
    return grey + (image - grey) * amount


def colour(*parts: float) -> Tensor:
    """An RGB colour, 1 3 1 1."""
    return torch.tensor(parts).view(1, 3, 1, 1)
