"""Walks through latent space: noise that goes smoothly round a closed loop, whatever model asks for it."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_TURNS = 3


def loop_noise(size: Sequence[int], rng: torch.Generator) -> Tensor:
    """Standard normal noise of shape B x size whose B rows are the frames of a smooth loop.

    A random Fourier series with `_TURNS` frequencies: each frame is standard normal by itself, as the network was
    trained with, and the last frame goes over into the first.
    """
    frames, *shape = size
    waves = torch.randn(2, _TURNS, *shape, generator=rng, device=rng.device)
    turns = torch.arange(1, _TURNS + 1, dtype=waves.dtype, device=waves.device)
    weight = turns.reciprocal() / turns.reciprocal().square().sum().sqrt()  # squares sum to 1; slow waves lead
    angle = 2 * math.pi * torch.arange(frames, dtype=waves.dtype, device=waves.device)[:, None] / frames * turns
    cosines, sines = angle.cos() * weight, angle.sin() * weight
    loop: Tensor = torch.tensordot(cosines, waves[0], 1) + torch.tensordot(sines, waves[1], 1)
    return loop
