"""Cuts an image into overlapping tiles, with the weight of each tile at each pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Span:
    """One tile along one axis: pixels `start` to `stop` with a weight each. All weights at a pixel sum to 1."""

    start: int
    stop: int
    weights: NDArray[np.float32]


def spans(length: int, tile: int, overlap: int) -> list[Span]:
    """Tiles of `tile` pixels along an axis of `length` pixels; neighbours overlap by at least `overlap`.

    One tile fades into the next by half a cosine in the middle half of their overlap. So nothing within a quarter of
    the overlap from a tile's border is seen.
    """
    if length <= tile:
        return [Span(0, length, np.ones(length, np.float32))]
    count = -(-(length - overlap) // (tile - overlap))
    starts = [round(i * (length - tile) / (count - 1)) for i in range(count)]
    weights = [np.ones(tile, np.float32) for _ in starts]
    for left in range(count - 1):
        shared = starts[left] + tile - starts[left + 1]
        fade = _fade(shared)
        weights[left][tile - shared :] *= fade[::-1]
        weights[left + 1][:shared] *= fade
    return [Span(start, start + tile, weight) for start, weight in zip(starts, weights, strict=True)]


def aligned(tiles: list[Span], multiple: int) -> list[Span]:
    """Extends tiles to the grid of the network's coarsest map, so that all tiles compute a place alike."""
    moved = []
    for one in tiles:
        shift = one.start % multiple
        moved.append(Span(one.start - shift, one.stop, np.pad(one.weights, (shift, 0))) if shift else one)
    return [_even(one, multiple) for one in moved]


def _even(one: Span, multiple: int) -> Span:
    """Extends a tile to a multiple. There is room, because the sides of padded images are multiples too."""
    more = -(one.stop - one.start) % multiple
    return Span(one.start, one.stop + more, np.pad(one.weights, (0, more))) if more else one


def _fade(length: int) -> NDArray[np.float32]:
    """Weights from 0 to 1 that change in the middle half. A fade and its mirror image sum to 1."""
    quarter = length // 4
    middle = length - 2 * quarter
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(middle) + 0.5) / middle)
    return np.concatenate([np.zeros(quarter), rise, np.ones(quarter)]).astype(np.float32)


def sample(length: int, tile: int, count: int) -> list[int]:
    """The starts of at most `count` tiles, spread evenly over an axis without overlap."""
    most = max(1, min(count, length // tile))
    return [round(i * (length - tile) / max(1, most - 1)) if most > 1 else (length - tile) // 2 for i in range(most)]
