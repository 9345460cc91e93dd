"""Noise for walks through latent space: it moves smoothly round a closed loop, for any model."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_TURNS = 3


def loop_noise(size: Sequence[int], rng: torch.Generator) -> Tensor:
    """Noise of shape B x size whose B rows are the frames of a smooth loop.

    It is a random Fourier series with `_TURNS` frequencies. Each frame by itself is standard normal, as in training,
    and the last frame leads back to the first.
    """
    frames, *shape = size
    waves = torch.randn(2, _TURNS, *shape, generator=rng, device=rng.device)
    turns = torch.arange(1, _TURNS + 1, dtype=waves.dtype, device=waves.device)
    weight = turns.reciprocal() / turns.reciprocal().square().sum().sqrt()  # squares sum to 1; slow waves lead
    angle = 2 * math.pi * torch.arange(frames, dtype=waves.dtype, device=waves.device)[:, None] / frames * turns
    cosines, sines = angle.cos() * weight, angle.sin() * weight
    loop: Tensor = torch.tensordot(cosines, waves[0], 1) + torch.tensordot(sines, waves[1], 1)
    return loop
