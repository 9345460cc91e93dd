"""What augmentations share: randomness from the batch's generator alone, and resampling with gradients of gradients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ganzoo.batch import SharedGenerator

_SEEDS = 2**63 - 1
_BILINEAR = 0
_PADDING = {"zeros": 0, "border": 1, "reflection": 2}


@contextmanager
def seeded(rng: torch.Generator) -> Iterator[None]:
    """Inside, torch's global CPU randomness starts from one number drawn from `rng`; outside, it stays as it was.

    For kornia, which draws from the global generator only and takes a `generator=` without using it (kornia#4427).
    However much is drawn inside, `rng` moves on by one number.
    """
    seed = int(torch.randint(_SEEDS, (), generator=rng, device=rng.device))  # rng is on the CPU: nothing waits
    if isinstance(rng, SharedGenerator):
        seed = (seed + rng.rank) % _SEEDS  # no two processes the same, though not what one process would draw
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would seed the GPUs as well.
        torch.default_generator.manual_seed(seed)
        yield


def uniform(images: Tensor, rng: torch.Generator, *size: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Numbers in [low, high), B x size, on the device of the images."""
    numbers = _rows(images, rng, lambda rows: torch.rand(rows, *size, generator=rng, device=rng.device))
    numbers = numbers * (high - low) + low
    return numbers.to(images.device, non_blocking=True)


def normal(images: Tensor, rng: torch.Generator, *size: int) -> Tensor:
    """Standard normal numbers, B x size, on the device of the images."""
    numbers = _rows(images, rng, lambda rows: torch.randn(rows, *size, generator=rng, device=rng.device))
    return numbers.to(images.device, non_blocking=True)


def _rows(images: Tensor, rng: torch.Generator, draw: Callable[[int], Tensor]) -> Tensor:
    return rng.rows(len(images), draw) if isinstance(rng, SharedGenerator) else draw(len(images))


def warp(images: Tensor, grid: Tensor, padding: str = "reflection") -> Tensor:
    """Images B C H W sampled bilinearly at `grid`, B H' W' 2 of (x, y) in [-1, 1] from edge to edge -> B C H' W'.

    As `grid_sample`, but with gradients of gradients in every torch, which gradient penalties need; the grid itself
    gets no gradient. `padding` beyond the edges is zeros, border or reflection.
    """
    warped: Tensor = _Warp.apply(images, grid, _PADDING[padding])
    return warped


class _Warp(torch.autograd.Function):
    """Resampling is linear in the images, so its gradient is its transpose."""

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
        blank = gradient.new_zeros(size)  # its values matter to the grid's gradient only, which is not asked for
        images: Tensor = backward(gradient, blank, grid, _BILINEAR, padding, False, [True, False])[0]
        return images

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (grid,) = ctx.saved_tensors
        return _Warp.apply(gradient, grid, ctx.padding), None, None, None
