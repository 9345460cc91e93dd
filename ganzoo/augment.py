"""Functions for augmentations: randomness from one generator only, and resampling with second-order gradients."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ganzoo.batch import SharedGenerator, rows_of

_SEEDS = 2**63 - 1
_BILINEAR = 0
_PADDING = {"zeros": 0, "border": 1, "reflection": 2}


@contextmanager
def seeded(rng: torch.Generator) -> Iterator[None]:
    """Seeds torch's global CPU randomness with one number from `rng` inside the block, and restores it afterwards.

    For kornia, which draws from the global generator only and ignores its argument `generator` (kornia#4427). `rng`
    advances by one number, however much is drawn inside.
    """
    seed = int(torch.randint(_SEEDS, (), generator=rng, device=rng.device))  # on the CPU: nothing waits for a GPU
    if isinstance(rng, SharedGenerator):
        seed = (seed + rng.rank) % _SEEDS  # different in each process, though not what a single process would draw
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would seed the GPUs as well.
        torch.default_generator.manual_seed(seed)
        yield


def uniform(images: Tensor, rng: torch.Generator, *size: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Numbers in [low, high), B x size, on the device of the images."""
    numbers = rows_of(rng, len(images), lambda rows: torch.rand(rows, *size, generator=rng, device=rng.device))
    numbers = numbers * (high - low) + low
    return numbers.to(images.device, non_blocking=True)


def normal(images: Tensor, rng: torch.Generator, *size: int) -> Tensor:
    """Standard normal numbers, B x size, on the device of the images."""
    numbers = rows_of(rng, len(images), lambda rows: torch.randn(rows, *size, generator=rng, device=rng.device))
    return numbers.to(images.device, non_blocking=True)


def warp(images: Tensor, grid: Tensor, padding: str = "reflection") -> Tensor:
    """Images B C H W sampled bilinearly at `grid`, B H' W' 2 of (x, y) in [-1, 1] from edge to edge -> B C H' W'.

    Like `grid_sample`, but with second-order gradients in every torch, which gradient penalties need. The grid gets no
    gradient. `padding` beyond the edges is zeros, border or reflection.
    """
    warped: Tensor = _Warp.apply(images, grid, _PADDING[padding])
    return warped


class _Warp(torch.autograd.Function):
    """Resampling is linear in the images, so its gradient is the transposed map."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, grid: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.size, ctx.padding = images.shape, padding
        return torch.ops.aten.grid_sampler_2d(images, grid, _BILINEAR, padding, False)  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return _Transposed.apply(gradient, grid, ctx.size, ctx.padding), None, None


class _Transposed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gradient: Tensor, grid: Tensor, size: torch.Size, padding: int) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.padding = padding
        backward = torch.ops.aten.grid_sampler_2d_backward
        blank = gradient.new_zeros(size)  # its values matter only to the gradient of the grid, which is not needed
        images: Tensor = backward(gradient, blank, grid, _BILINEAR, padding, False, [True, False])[0]
        return images

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (grid,) = ctx.saved_tensors
        return _Warp.apply(gradient, grid, ctx.padding), None, None, None
