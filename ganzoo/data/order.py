"""The order in which a run draws its images: a function of seed and position alone, so that resuming is exact."""

import numpy as np
from numpy.typing import NDArray


class Order:
    """Endless epochs over `count` images, each epoch shuffled by (seed, epoch)."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed
        self._epoch = -1
        self._permutation: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def indices(self, position: int, length: int) -> NDArray[np.int64]:
        """The numbers of the images at positions `position` … `position + length - 1` of the endless sequence."""
        found = []
        while length > 0:
            epoch, offset = divmod(position, self.count)
            piece = self._shuffled(epoch)[offset : offset + length]
            found.append(piece)
            position += len(piece)
            length -= len(piece)
        return np.concatenate(found)

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            generator = np.random.Generator(np.random.Philox(key=[self.seed, epoch]))
            self._permutation = generator.permutation(self.count)
            self._epoch = epoch
        return self._permutation


def balanced(numbers: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers with those of rarer labels repeated, until each row of `labels` N A occurs equally often."""
    if labels.shape[1] == 0 or len(numbers) == 0:
        return numbers
    _, groups, sizes = np.unique(labels[numbers], axis=0, return_inverse=True, return_counts=True)
    groups = groups.reshape(-1)
    return np.concatenate([np.resize(numbers[groups == group], sizes.max()) for group in range(len(sizes))])
