"""What a run trains on: its images, and which of them it sees."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganzoo.data.cache import Images
from ganzoo.data.split import split


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The images of a run and the numbers of those that it trains on.

    A translator starts from `sources`, and sees those of `source_numbers`. For a recipe of pairs, `partners` has the
    number of the source that belongs to each image.
    """

    images: Images
    numbers: NDArray[np.int64]
    sources: Images | None
    source_numbers: NDArray[np.int64]
    partners: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        images: Images,
        sources: Images | None = None,
        *,
        held_out: float = 0.0,
        partners: NDArray[np.int64] | None = None,
    ) -> Self:
        """All images but the part that is held out.

        With `partners`, sources are held out with the images that belong to them, and an image without a partner is
        not trained on. By default the partner of an image is the source of the same number.
        """
        source_numbers = split(len(sources or ()), held_out).train
        if partners is None:
            numbers = split(len(images), held_out).train
            partners = np.arange(len(images))
        else:
            numbers = np.flatnonzero(np.isin(partners, source_numbers))
            source_numbers = partners[numbers]
        return cls(images=images, numbers=numbers, sources=sources, source_numbers=source_numbers, partners=partners)


def unseen(images: Images, trained_on: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The numbers of at most `most` images that training never sees, or of any images where it sees all of them."""
    left = np.setdiff1d(np.arange(len(images)), trained_on)
    return (left if len(left) else trained_on)[:most]
