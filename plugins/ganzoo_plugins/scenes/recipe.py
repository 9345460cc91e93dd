"""The random description of a scene, from (seed, index) alone."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import palette
from .noise import LATTICE, Noise
from .scene import RIDGES, Scene

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Parts = dict[str, Tensor | tuple[Tensor, ...]]

CHOICES = 128
TREE_SHARES = ((0.45, 1.0), (0.25, 0.8), (0.2, 0.7), (0.35, 0.6))
DAY, NIGHT = 1, 3
SPRING, AUTUMN, WINTER = 0, 2, 3


class Draws:
    """Uniform numbers of B scenes, handed out one column at a time."""

    def __init__(self, uniforms: Numbers) -> None:
        self._uniforms = uniforms  # B CHOICES
        self._used = 0

    def between(self, low: float | Numbers, high: float | Numbers) -> Numbers:
        """A number in low..high for each scene."""
        self._used += 1
        return low + (high - low) * self._uniforms[:, self._used - 1]

    def chance(self, probability: float | Numbers) -> Flags:
        """True with the probability given, for each scene."""
        return self.between(0.0, 1.0) < probability

    def pick(self, *weights: float) -> Whole:
        """An option's number for each scene; the weights add up to 1."""
        edges = np.cumsum(weights)[:-1]
        return np.searchsorted(edges, self.between(0.0, 1.0), side="right").astype(np.int64)


def generator(seed: int, index: int, stream: int = 0) -> np.random.Generator:
    """The random numbers of one image; streams of one image are independent."""
    mask = 2**64 - 1
    key = np.array([seed & mask, index & mask], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=stream << 192))


def lattices(seed: int, indices: Sequence[int], stream: int) -> Noise:
    """Noise of the images given, another for each stream."""
    values = [generator(seed, index, stream).random(LATTICE, dtype=np.float32) for index in indices]
    return Noise.of(torch.from_numpy(np.stack(values)) * 2.0 - 1.0)


def _draws(seed: int, indices: Sequence[int]) -> Draws:
    return Draws(np.stack([generator(seed, index).random(CHOICES) for index in indices]))


def _kinds(draws: Draws) -> tuple[Whole, Whole]:
    return draws.pick(0.25, 0.25, 0.25, 0.25), draws.pick(0.20, 0.45, 0.20, 0.15)


def kinds(seed: int, indices: Sequence[int]) -> Tensor:
    """Season and time of day of each scene: int64, B 2."""
    return torch.from_numpy(np.stack(_kinds(_draws(seed, indices)), axis=1))


def _number(values: Numbers | Flags) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).view(-1, 1, 1)


def _colour(values: Numbers) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).view(-1, 3, 1, 1)


def _blend(a: Numbers, b: Numbers, weight: Numbers) -> Numbers:
    return a + (b - a) * weight.reshape(-1, *[1] * (a.ndim - 1))


def _variant(table: Numbers, kind: Whole, draws: Draws) -> Numbers:
    """A colour between two variants of the kind."""
    count = table.shape[1]
    first = np.minimum(draws.between(0, count).astype(np.int64), count - 1)
    second = np.minimum(draws.between(0, count).astype(np.int64), count - 1)
    return _blend(table[kind, first], table[kind, second], draws.between(0.0, 0.6))


def _light(draws: Draws, time: Whole, horizon: Numbers) -> dict[str, Tensor]:
    sky = _variant(palette.SKIES, time, draws)
    low = (time != DAY) & (time != NIGHT)
    sun_u = draws.between(-0.62, 0.62)
    # By day the sun often stands above the frame.
    high = np.where(draws.chance(0.45), 0.85, draws.between(0.22, 0.50))
    rise = np.where(low, draws.between(-0.01, 0.22), high)
    side = np.where(sun_u < 0, -1.0, 1.0) * draws.between(0.6, 1.0)
    size = np.where(time == NIGHT, draws.between(0.018, 0.036), draws.between(0.02, 0.042))
    spread = np.where(low, draws.between(0.20, 0.42), draws.between(0.07, 0.16))
    haze = draws.between(0.0, 1.0) ** 2
    return {
        "night": _number(time == NIGHT),
        "zenith": _colour(sky[:, 0]),
        "middle": _colour(sky[:, 1]),
        "rim": _colour(sky[:, 2]),
        "air": _colour(_blend(sky[:, 2], sky[:, 1], np.array([0.6, 0.3, 0.7, 0.6])[time])),
        "ambient": _colour(palette.AMBIENT[time]),
        "sunlight": _colour(palette.SUNLIGHT[time]),
        "glow": _colour(palette.GLOW[time]),
        "sun_u": _number(sun_u),
        "sun_v": _number(horizon - rise),
        "sun_size": _number(size),
        "sun_glow": _number(spread),
        "side": _number(side),
        "haze": _number(haze),
    }


def _sky(draws: Draws, season: Whole, time: Whole) -> dict[str, Tensor]:
    amount = np.where(draws.chance(0.25), draws.between(-0.8, -0.45), draws.between(-0.4, 0.35))
    streaks = draws.chance(0.35)
    heaps = draws.chance(np.where(time == DAY, 0.55, 0.25)) & ~streaks
    aurora = (time == NIGHT) & draws.chance(np.where(season == WINTER, 0.6, 0.15))
    return {
        "cloud_lit": _colour(palette.CLOUD_LIT[time]),
        "cloud_shade": _colour(palette.CLOUD_SHADE[time]),
        "clouds": _number(amount - 0.25 * (time == NIGHT) - 0.5 * aurora),
        "cloud_scale": _number(draws.between(0.55, 1.25)),
        "cloud_stretch": _number(np.where(streaks, draws.between(0.25, 0.45), draws.between(0.6, 1.0))),
        "cloud_edge": _number(np.where(streaks, draws.between(0.9, 1.3), draws.between(0.35, 0.8))),
        "heaps": _number(heaps),
        "stars": _number((time == NIGHT) * draws.between(0.5, 1.0)),
        "aurora": _number(aurora * draws.between(0.7, 1.0)),
        "aurora_colour": _colour(_variant(palette.AURORA[None], season * 0, draws)),
    }


def _mountains(draws: Draws, season: Whole, rugged: Flags) -> Parts:
    heights, pitches, peaks = [], [], []
    for ridge in range(RIDGES):
        alpine = draws.between(*((0.34, 0.56), (0.18, 0.38), (0.06, 0.22))[ridge])
        gentle = draws.between(*((0.07, 0.17), (0.05, 0.12), (0.03, 0.08))[ridge])
        heights.append(_number(np.where(rugged, alpine, gentle)))
        pitches.append(_number(draws.between(*((1.7, 3.2), (1.9, 3.8), (2.2, 4.6))[ridge])))
        peaks.append(_number(draws.between(-0.6, 0.6)))
    level = np.array([0.55, 0.80, 0.62, 0.15])[season] + draws.between(-0.25, 0.25)
    return {
        "ridge_height": tuple(heights),
        "ridge_pitch": tuple(pitches),
        "ridge_peak": tuple(peaks),
        "ridge_round": _number(np.where(rugged, draws.between(0.0, 0.35), 1.0)),
        "snow_line": _number(np.where(rugged | (season == WINTER), level, 9.0)),
        "rock": _colour(
            _blend(
                palette.ROCK[season],
                palette.ROCK[draws.pick(0.25, 0.25, 0.25, 0.25)],
                draws.between(0.0, 1.0),
            )
        ),
    }


def _ground(draws: Draws, season: Whole, horizon: Numbers, water: Flags, sea: Flags, bank: Flags) -> Parts:
    shore = horizon + np.where(sea, 0.0, draws.between(0.015, 0.05))
    tops = (
        np.where(sea, 1.7, shore - draws.between(0.0, 0.02)),
        np.where(water, 1.7, horizon + draws.between(0.07, 0.14)),
        np.where(water, np.where(bank, draws.between(0.88, 1.0), 1.5), horizon + draws.between(0.2, 0.32)),
    )
    heights = (draws.between(0.01, 0.06), draws.between(0.03, 0.12), draws.between(0.04, 0.14))
    tilts = (draws.between(-0.04, 0.04), draws.between(-0.11, 0.11), draws.between(-0.2, 0.2))
    bloom = (season == SPRING) * draws.chance(0.5) * draws.between(0.4, 1.0)
    return {
        "shore": _number(shore),
        "hill_top": tuple(map(_number, tops)),
        "hill_height": tuple(map(_number, heights)),
        "hill_tilt": tuple(map(_number, tilts)),
        "grass": _colour(_variant(palette.GRASS, season, draws)),
        "patch": _colour(_variant(palette.PATCH, season, draws)),
        "forest": _colour(_variant(palette.FOREST, season, draws)),
        "bloom": _number(bloom),
        "flower": _colour(palette.FLOWERS[draws.pick(0.25, 0.25, 0.25, 0.25)]),
    }


def _trees(draws: Draws, season: Whole, rugged: Flags, land: tuple[Flags, ...]) -> Parts:
    wooded = draws.chance(np.where(rugged, 0.72, 0.95))
    shares = [
        wooded * here * draws.chance(likely) * draws.between(*share)
        for here, likely, share in zip(land, (0.9, 0.75, 0.6, 0.25), TREE_SHARES, strict=True)
    ]
    conifers = np.choose(draws.pick(0.4, 0.3, 0.3), [1.0, 0.0, draws.between(0.25, 0.75)])
    # Bare trees are the least telling ones: winter keeps few.
    conifers = np.where(season == WINTER, np.maximum(conifers, 0.7), conifers)
    return {
        "tree_share": tuple(map(_number, shares)),
        "conifers": _number(conifers),
        "needles": _colour(palette.NEEDLES[season]),
        "leaf_a": _colour(_variant(palette.LEAVES, season, draws)),
        "leaf_b": _colour(_variant(palette.LEAVES, season, draws)),
    }


def recipe(seed: int, indices: Sequence[int]) -> Scene:
    """Describe the scenes of these indices."""
    draws = _draws(seed, indices)
    season, time = _kinds(draws)
    water, rugged = draws.chance(0.42), draws.chance(0.78)
    bank = draws.chance(0.75)
    sea = water & draws.chance(0.3)
    horizon = np.where(water, draws.between(0.52, 0.66), draws.between(0.50, 0.70))
    parts: Parts = {
        "winter": _number(season == WINTER),
        "horizon": _number(horizon),
        "water": _number(water),
        "water_colour": _colour(palette.WATER[draws.pick(0.25, 0.25, 0.25, 0.25)]),
        "waves": _number(draws.between(0.0, 1.0)),
    }
    parts |= _light(draws, time, horizon)
    parts |= _sky(draws, season, time)
    parts |= _mountains(draws, season, rugged)
    parts |= _ground(draws, season, horizon, water, sea, bank)
    parts |= _trees(draws, season, rugged, (~sea, ~water, ~water | bank, ~water | bank))
    return Scene(noise=lattices(seed, indices, stream=1), **parts)  # type: ignore[arg-type]
