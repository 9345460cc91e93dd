"""Ukiyo-e: few flat pigments, gradations wiped by hand, ink lines, on Japanese paper."""

import torch
from torch import Tensor

from .filters import blur, calmed, colour, edges, luminance, saturated, sharper, unit
from .noise import Noise, mix, noise_2d, ramp
from .palette import rgb

INK = (0.10, 0.11, 0.20)
PAPER = (0.96, 0.90, 0.78)
# Prussian blues, indigo, greens, ochres, vermilion, pinks, greys, papers.
PIGMENTS = rgb(
    "1b2f5e",
    "2f5a8f",
    "6f9cc0",
    "b5cfd2",
    "f4ead2",
    "e6cf9c",
    "cf9f52",
    "c8552f",
    "e8a08a",
    "8f3f3a",
    "3a5a3f",
    "6f8f4f",
    "a9b873",
    "6a5a50",
    "9a93a0",
    "5f4f78",
    "e8c4b8",
    "2a3440",
)


def _pigments(image: Tensor) -> Tensor:
    """Each pixel in its nearest pigment, blended only where two are about as near: B 3 H W."""
    total = torch.zeros_like(image)
    weights = torch.zeros_like(image[:, :1])
    for pigment in PIGMENTS.tolist():
        aside = image - colour(*pigment)
        far = (aside * aside).unbind(1)
        near = 1.0 / (far[0] + far[1] * 1.4 + far[2] + luminance(aside) * luminance(aside) * 2.0 + 1e-3)
        weight = (near * near * near * near).unsqueeze(1)
        total, weights = total + weight * colour(*pigment), weights + weight
    return total / weights


def _steps(light: Tensor, levels: int) -> Tensor:
    """Brightness in flat steps, with the short slope between two that keeps borders smooth."""
    place = light * levels
    floor = place.floor()
    return (floor + ramp(0.38, 0.62, place - floor)) / levels


def _lines(image: Tensor, scale: float) -> Tensor:
    """Cover of the ink lines: B H W. What stands out from its surroundings is outlined, by night too."""
    strength = edges(image, max(1, round(0.5 * scale)))
    around = blur(strength, 8.0 * scale)
    return ramp(0.9, 2.0, strength / (around + 0.06))


def _bokashi(image: Tensor, v: Tensor) -> Tensor:
    """The gradations a printer wipes on the block: deep blue at the top, dusk at the foot."""
    image = mix(image, image * colour(0.22, 0.36, 0.62), (ramp(0.24, 0.0, v) * 0.85).unsqueeze(1))
    return mix(image, image * colour(0.45, 0.52, 0.70), (ramp(0.84, 1.02, v) * 0.6).unsqueeze(1))


def ukiyo_e(image: Tensor, noise: Noise) -> Tensor:
    """Print from woodblocks: B 3 H W in 0..1, in and out."""
    height, width = image.shape[2:]
    scale = unit(height, width)
    calm = calmed(sharper(image, 3.0 * scale, 0.4).clamp(0.0, 1.0), 0.7 * scale)
    light = luminance(calm)
    light = light * 0.5 + light.sqrt() * 0.5
    flat = _pigments(saturated(calm, 1.5) * 0.94 + 0.07)
    own = saturated(calm, 1.25) - luminance(calm).unsqueeze(1)
    flat = mix(flat, (_steps(light, 6) * 0.95).unsqueeze(1) + own, torch.full_like(flat, 0.35))
    v = ((torch.arange(height) + 0.5) / height).view(1, -1, 1)
    u = ((torch.arange(width) + 0.5) / height).view(1, 1, -1)
    flat = _bokashi(flat, v)
    grain = noise_2d(noise, u * 4.0, v * 40.0, 3) * 0.025 + noise_2d(noise, u * 26.0, v * 26.0, 3) * 0.02
    printed = mix(flat, flat * colour(*PAPER), torch.full_like(flat, 0.6)) * (1.0 + grain.unsqueeze(1))
    return mix(printed, colour(*INK), (_lines(calm, scale) * 0.9).unsqueeze(1))
