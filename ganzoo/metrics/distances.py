"""Euclidean distances between the rows of matrices, computed block by block to bound memory."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

_ENTRIES = 1 << 22  # of one block of distances: 32 MiB
_ROWS = 1 << 9
_SPARE = 3


def squared_distances(
    x: Tensor, y: Tensor, *, slack: float = 0.0, entries: int = _ENTRIES
) -> Iterator[tuple[slice, Tensor]]:
    """Yields block after block of rows of `x` (N x D): which rows, and their squared distances to `y` (M x D).

    They are computed as |x|² + |y|² - 2 x·y, with an error of about 1e-15 (|x|² + |y|²), so centre the rows first.
    `slack` subtracts that multiple of |x|² + |y|², so that ties count in comparisons in spite of the error.
    """
    rows = min(max(1, entries // len(y)), _ROWS)
    x_squares, y_squares = (z.square().sum(1) * (1 - slack) for z in (x, y))
    for start in range(0, len(x), rows):
        block = slice(start, start + rows)
        yield block, torch.addmm(x_squares[block, None] + y_squares, x[block], y.T, alpha=-2)


def squared_distances_to_others(
    x: Tensor, *, own: float = math.inf, entries: int = _ENTRIES
) -> Iterator[tuple[slice, Tensor]]:
    """Yields `squared_distances` of `x` to itself, with `own` as the distance of each row to itself."""
    for block, squared in squared_distances(x, x, entries=entries):
        squared.diagonal(block.start).fill_(own)
        yield block, squared


def kth_nearest_squared(x: Tensor, k: int, *, entries: int = _ENTRIES) -> Tensor:
    """Each row's squared distance to its k-th nearest other row: N."""
    blocks = squared_distances_to_others(x, entries=entries)
    return torch.cat([squared.topk(k, largest=False).values[:, -1] for _, squared in blocks])


def nearest(x: Tensor, y: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """The ascending distances of each row to the `k` nearest rows of `y`, zero if equal, and which: N x k, N x k."""
    return _nearest(x, y, squared_distances(x, y), k, min(k + _SPARE, len(y)))


def nearest_other(x: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """As `nearest`, among the other rows of `x` itself."""
    return _nearest(x, x, squared_distances_to_others(x), k, min(k + _SPARE, len(x) - 1))


def _nearest(
    x: Tensor, y: Tensor, blocks: Iterator[tuple[slice, Tensor]], k: int, candidates: int
) -> tuple[Tensor, Tensor]:
    found = []
    for block, squared in blocks:
        # Differences give the exact distances of the candidates: the expanded square can't tell 0 from 1e-8.
        rows = squared.topk(candidates, largest=False).indices
        exact, order = (x[block, None] - y[rows]).norm(dim=2).sort(1)
        found.append((exact[:, :k], rows.gather(1, order[:, :k])))
    distances, indices = zip(*found, strict=True)
    return torch.cat(distances), torch.cat(indices)


def mean_pairwise(x: Tensor) -> float:
    """The mean distance over all pairs of different rows."""
    blocks = squared_distances_to_others(x, own=0.0)
    return sum(float(squared.clamp(min=0).sqrt().sum()) for _, squared in blocks) / (len(x) * (len(x) - 1))
