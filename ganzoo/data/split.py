"""Holds out images, on which a run never trains, for scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 2000
"""The most images that are held out: more would not make a score visibly more precise."""
FEWEST = 16
"""The fewest images that are held out: fewer say nothing, so a set so small is trained on whole."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """The numbers of the images to train on and of those held out, each sorted."""

    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


def split(count: int, share: float) -> Split:
    """Holds out `share` of `count` images, the same ones for every run, model and seed on these data."""
    wanted = min(round(share * count), MOST, count - 1)
    if wanted < FEWEST:
        return Split(train=np.arange(count), held_out=np.empty(0, dtype=np.int64))
    shuffled = np.random.Generator(np.random.Philox(key=[0, count])).permutation(count)
    return Split(train=np.sort(shuffled[wanted:]), held_out=np.sort(shuffled[:wanted]))
