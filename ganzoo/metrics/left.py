"""How far painted photos still are from the paintings, in per cent of the distance that the photos have.

A picture is looked at whole and in crops. Of two pictures, the crops of one are compared with all crops of the other,
and never with its own: the bootstrap and the unbiased distance both count pictures, since crops of one picture are
alike.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ganzoo.metrics.features import as_features
from ganzoo.metrics.kid import bootstrap_weights, interval, kernel, weighted_mmd
from ganzoo.metrics.score import Score

__all__ = ["Left", "Remainder"]


@dataclass(frozen=True, kw_only=True)
class Left:
    """Per cent of the photos' distance: `score` is the mean of `whole` and `crops`; `distances` are the KIDs."""

    score: Score
    whole: float
    crops: float
    distances: tuple[float, float]


class Remainder:
    """Measures what is left, against the `paintings` and the unpainted `photos`.

    Pictures are features N x (1 + K) x D: of each picture the whole first, then its K crops. The distance of the photos
    is computed once; `distances` are its KIDs, whole and in crops, and `clear` says whether both are above chance. All
    intervals come from one bootstrap over pictures, in which a photo is drawn together with its painting.
    """

    def __init__(self, paintings: Tensor, photos: Tensor, *, resamples: int = 1000, seed: int = 0) -> None:
        rng = torch.Generator().manual_seed(seed)
        self._paintings, self._photos = _views(paintings), _views(photos)
        self._real = _weights(len(paintings), resamples, rng)
        self._drawn = _weights(len(photos), resamples, rng)
        self._within = [_zeroed(kernels(one, one)) for one in self._paintings]
        self._far = self._mmds(self._photos)
        self.distances = (float(self._far[0][0]), float(self._far[1][0]))
        lows = [interval(far[1:])[0] for far in self._far]
        self.clear = all(value > 0 for value in self.distances) and all(low is None or low > 0 for low in lows)

    def of(self, painted: Tensor) -> Left:
        """What is left after the photos were painted: features M x (1 + K) x D, in the order of the photos."""
        near = self._mmds(_views(painted))
        whole, crops = (100 * one / far for one, far in zip(near, self._far, strict=True))
        mean = (whole + crops) / 2
        low, high = interval(mean[1:])
        return Left(
            score=Score(name="left", value=float(mean[0]), low=low, high=high),
            whole=float(whole[0]),
            crops=float(crops[0]),
            distances=(float(near[0][0]), float(near[1][0])),
        )

    def floor(self, *, draws: int = 1000, seed: int = 0) -> Score:
        """The same of paintings: as many as there are photos, at most half, against the others; the mean over draws.

        The interval holds 95 % of the draws, so it is what chance alone does to a perfect painter's score.
        """
        count = len(self._real[0])
        some = min(len(self._drawn[0]), count // 2)
        rng = torch.Generator().manual_seed(seed)
        order = torch.rand(draws, count, generator=rng).argsort(1)
        ones = torch.zeros(draws, count, dtype=torch.float64).scatter_(1, order[:, :some], 1.0)
        parts = [
            100 * weighted_mmd(within, within, within, 1 - ones, ones) / far[0]
            for within, far in zip(self._within, self._far, strict=True)
        ]
        mean = (parts[0] + parts[1]) / 2
        low, high = interval(mean)
        return Score(name="floor", value=float(mean.mean()), low=low, high=high)

    def _mmds(self, others: list[Tensor]) -> list[Tensor]:
        """The squared distances from the paintings, whole and in crops: that of all pictures, then of each resample."""
        return [
            weighted_mmd(within, _zeroed(kernels(one, one)), kernels(real, one), self._real, self._drawn)
            for within, real, one in zip(self._within, self._paintings, others, strict=True)
        ]


def kernels(x: Tensor, y: Tensor) -> Tensor:
    """The mean kernel between all crops of each picture of `x` (N x K x D) and of `y` (M x K x D): N x M."""
    values = kernel(x.flatten(0, 1), y.flatten(0, 1))
    return values.view(len(x), x.shape[1], len(y), y.shape[1]).mean((1, 3))


def _views(pictures: Tensor) -> list[Tensor]:
    """N x (1 + K) x D -> the wholes N x 1 x D and the crops N x K x D."""
    flat = as_features(pictures.flatten(0, 1), "pictures'", least=2).view(pictures.shape)
    return [flat[:, start:stop] for start, stop in pairwise((0, 1, pictures.shape[1]))]


def _zeroed(square: Tensor) -> Tensor:
    return square.fill_diagonal_(0)


def _weights(count: int, resamples: int, rng: torch.Generator) -> Tensor:
    """A row that counts every picture once, then a row for each resample."""
    return torch.cat([torch.ones(1, count, dtype=torch.float64), bootstrap_weights(count, resamples, rng)])
