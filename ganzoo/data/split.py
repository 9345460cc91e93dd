"""Which images a run never trains on, so that scores can be taken on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 2000
"""Images held out at most: more make a score no sharper that anyone could see."""
FEWEST = 16
"""Fewer tell nothing; a set so small is trained on whole."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Numbers of the images to train on and of those held out, each sorted."""

    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


def split(count: int, share: float) -> Split:
    """Holds out `share` of `count` images, the same ones for every run, model and seed on these data."""
    wanted = min(round(share * count), MOST, count - 1)
    if wanted < FEWEST:
        return Split(train=np.arange(count), held_out=np.empty(0, dtype=np.int64))
    shuffled = np.random.Generator(np.random.Philox(key=[0, count])).permutation(count)
    return Split(train=np.sort(shuffled[wanted:]), held_out=np.sort(shuffled[:wanted]))
