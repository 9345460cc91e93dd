"""What a data set is to ganzoo: numbered pictures that can be read at any size."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzoo.units import Size


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture as read: `pixels` is uint8 H W 3 (RGB), or None when it can't be used and `problem` says why.

    `labels` holds one value index for each attribute of the source.
    """

    pixels: NDArray[np.uint8] | None
    labels: tuple[int, ...] = ()
    name: str = ""
    problem: str = ""


class ImageSource(ABC):
    """A numbered set of pictures. A data set part's target is a subclass, built with the part's options."""

    attributes: Mapping[str, tuple[str, ...]]
    """Label attributes with the names of their values, such as {"season": ("spring", …)}; empty without labels."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def fingerprint(self) -> str:
        """Text that changes whenever a picture would: it keys the cache and is kept in run.json."""

    @abstractmethod
    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """The pictures of those numbers, in that order, each exactly size.height x size.width."""
