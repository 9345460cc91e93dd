"""Watercolour: pale washes with darker rims, granulation and white paper left round the sheet."""

import torch
from torch import Tensor

from .filters import blur, calmed, colour, edges, saturated, sharper, unit
from .noise import Noise, mix, noise_2d, ramp

PAPER = (0.985, 0.975, 0.95)


def _sheet(noise: Noise, u: Tensor, v: Tensor, aspect: float) -> Tensor:
    """How much of the wash reaches a place: 1 inside, 0 at the paper's rim, ragged between."""
    ragged = noise_2d(noise, u * 5.0, v * 5.0, 5) * 0.025
    inset = torch.minimum(torch.minimum(u, aspect - u), torch.minimum(v, 1.0 - v))
    return ramp(0.01, 0.045, inset + ragged)


def watercolour(image: Tensor, noise: Noise) -> Tensor:
    """Paint in watercolour: B 3 H W in 0..1, in and out."""
    height, width = image.shape[2:]
    scale = unit(height, width)
    v = ((torch.arange(height) + 0.5) / height).view(1, -1, 1)
    u = ((torch.arange(width) + 0.5) / height).view(1, 1, -1)
    crisp = calmed(sharper(image, 3.0 * scale, 0.6).clamp(0.0, 1.0), 0.7 * scale)
    bleed = ramp(0.0, 0.8, noise_2d(noise, u * 3.0, v * 3.0, 3)) * 0.55
    wash = saturated(mix(crisp, blur(image, 2.5 * scale), bleed.unsqueeze(1)), 1.05)
    pigment = (1.0 - wash).clamp(0.0, 1.0) * 0.70
    rims = edges(crisp, max(1, round(0.5 * scale)))
    dried = ramp(0.08, 0.6, rims) - 0.5 * ramp(0.06, 0.5, blur(rims, 3.0 * scale))
    pool = noise_2d(noise, u * 2.2 + 7.0, v * 2.2, 5) * 0.20
    grain = noise_2d(noise, u * 24.0, v * 24.0 + 3.0, 3) * 0.10
    density = (0.98 + pool + grain + 0.45 * dried) * _sheet(noise, u, v, width / height)
    return colour(*PAPER) * (1.0 - pigment * density.clamp(0.0, 1.6).unsqueeze(1))
