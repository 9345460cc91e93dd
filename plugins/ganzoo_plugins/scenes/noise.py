"""Smooth noise over continuous coordinates, the same at every drawing size.

Pixels are made with exactly rounded operations only (+ - * /, square root, floor, clamp): exp, sin or lerp
may round differently in a vector's tail, so an image would depend on its batch or on the threads.
grid_sample is the one exception: it works through each image apart, tails included, in one way.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

LATTICE = 1024
SIDE = 64
CELLS = 16
TEXELS = 48


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The randomness of B scenes: values in -1..1, wrapped round by one cell, and a place in the tiles."""

    line: Tensor  # B LATTICE+1
    rises: Tensor  # B LATTICE
    shift: Tensor  # B 2 1 1

    @classmethod
    def of(cls, values: Tensor) -> "Noise":
        """Noise from B LATTICE random values in -1..1."""
        line = torch.cat([values, values[:, :1]], dim=1)
        return cls(line=line, rises=line[:, 1:] - values, shift=values[:, :2, None, None] * 2.0)

    def take(self, chosen: Tensor) -> "Noise":
        """The noise of the chosen scenes, by their places in B."""
        return Noise(line=self.line[chosen], rises=self.rises[chosen], shift=self.shift[chosen])


def _look_up(lattice: Tensor, cell: Tensor) -> Tensor:
    # A gather would take a batch of one for the first scene's alone.
    cell = cell.expand(len(lattice), *cell.shape[1:])
    return lattice.gather(1, cell.flatten(1)).view(cell.shape)


def _wrap(cell: Tensor, period: int) -> Tensor:
    return cell - (cell * (1.0 / period)).floor() * period


def ease(t: Tensor) -> Tensor:
    """Smoothstep of t, which must lie in 0..1."""
    return (t * -2.0).add_(3.0).mul_(t).mul_(t)


def ramp(low: float, high: float, x: Tensor) -> Tensor:
    """0 below low, 1 above high, smooth between; high may lie below low."""
    return ease((x - low).mul_(1.0 / (high - low)).clamp_(0.0, 1.0))


def mix(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """A where the weight is 0, b where it is 1."""
    return ((b - a) * weight).add_(a)


def hashed(noise: Noise, cell: Tensor, *salts: int) -> tuple[Tensor, ...]:
    """A random value in -1..1 for each whole-numbered cell (B ...), one tensor like it for each salt."""
    offsets = torch.tensor(salts, dtype=cell.dtype).view(1, -1, *[1] * (cell.ndim - 1))
    return _look_up(noise.line, _wrap(cell.unsqueeze(1) + offsets, LATTICE).long()).unbind(1)


def noise_1d(noise: Noise, x: Tensor, smooth: float | Tensor = 1.0) -> tuple[Tensor, Tensor]:
    """Noise in -1..1 and its slope at x (B ...): jagged for smooth 0, rounded for smooth 1."""
    floor = x.floor()
    t = x - floor
    cell = _wrap(floor, LATTICE).long()
    left, rise = _look_up(noise.line, cell), _look_up(noise.rises, cell)
    bend = t * (1.0 - t)
    return left + rise * (t + bend * (2.0 * t - 1.0) * smooth), rise * (1.0 + (6.0 * bend - 1.0) * smooth)


def _lift(number: float | Tensor) -> float | Tensor:
    return number.unsqueeze(1) if isinstance(number, Tensor) else number


def fractal_1d(
    noise: Noise, x: Tensor, octaves: int, gain: float | Tensor, smooth: float | Tensor = 1.0
) -> tuple[Tensor, Tensor]:
    """Sum of octaves of `noise_1d`, the first of amplitude 1, and its slope, at x (B R W)."""
    scales = torch.tensor([2.13**octave for octave in range(octaves)]).view(-1, 1, 1)
    shifts = 71.3 * torch.arange(octaves).view(-1, 1, 1)
    heights, slopes = noise_1d(noise, x.unsqueeze(1) * scales + shifts, _lift(smooth))
    height, slope = heights[:, 0], slopes[:, 0]
    weight: float | Tensor = 1.0
    for octave in range(1, octaves):
        weight = weight * gain
        height = height + heights[:, octave] * weight
        slope = slope + slopes[:, octave] * (weight * 2.13**octave)
    return height, slope


def slopes_1d(noise: Noise, x: Tensor, octaves: int, gain: float | Tensor, smooth: float | Tensor) -> Tensor:
    """The slope of `fractal_1d` alone, for many points x (B H W)."""
    total = x * 0.0
    weight: float | Tensor = 1.0
    scale = 1.0
    for octave in range(octaves):
        place = x * scale + 71.3 * octave
        floor = place.floor()
        t = place - floor
        rise = _look_up(noise.rises, _wrap(floor, LATTICE).long())
        total = total + rise * (1.0 + (6.0 * t * (1.0 - t) - 1.0) * smooth) * (weight * scale)
        weight, scale = weight * gain, scale * 2.13
    return total


def _lattice_2d(lattice: Tensor, x: Tensor, y: Tensor) -> Tensor:
    column, row = x.floor(), y.floor()
    across, down = ease(x - column), ease(y - row)
    left, top = _wrap(column, SIDE).long(), _wrap(row, SIDE).long()
    right, bottom = _wrap(column + 1.0, SIDE).long(), _wrap(row + 1.0, SIDE).long()
    upper = mix(lattice[top, left], lattice[top, right], across)
    return mix(upper, mix(lattice[bottom, left], lattice[bottom, right], across), down)


@lru_cache(maxsize=8)
def _tile(octaves: int) -> Tensor:
    """A square of fractal noise, 1 1 CELLS*TEXELS CELLS*TEXELS, shared by all scenes."""
    random = np.random.Generator(np.random.Philox(key=octaves)).random((SIDE, SIDE), dtype=np.float32)
    lattice = torch.from_numpy(random) * 2.0 - 1.0
    line = (torch.arange(CELLS * TEXELS) + 0.5) / TEXELS
    x, y = line.view(1, -1).expand(len(line), -1), line.view(-1, 1).expand(-1, len(line))
    total = torch.zeros_like(x)
    for octave in range(octaves):
        total = total + _lattice_2d(lattice, x, y) * 0.57**octave
        # A turn by the 3-4-5 angle hides the lattice's own directions.
        x, y = 1.6 * x - 1.2 * y + 7.31, 1.2 * x + 1.6 * y + 3.77
    return total[None, None]


def noise_2d(noise: Noise, x: Tensor, y: Tensor, octaves: int = 1) -> Tensor:
    """Smooth noise of about -1..1 at the points x, y (which broadcast to B H W), cells one unit wide.

    Read from a tile that is mirrored at its borders; each scene has its own place in it.
    """
    height, width = max(x.shape[1], y.shape[1]), max(x.shape[2], y.shape[2])
    points = torch.empty(len(noise.shift), height, width, 2)
    points[..., 0] = x * (2.0 / CELLS) + noise.shift[:, 0]
    points[..., 1] = y * (2.0 / CELLS) + noise.shift[:, 1]
    tile = _tile(octaves).expand(len(points), -1, -1, -1)
    return F.grid_sample(tile, points, padding_mode="reflection", align_corners=False)[:, 0]
