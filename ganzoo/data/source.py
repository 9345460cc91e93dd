"""The interface of data sets: pictures that can be read one after the other at any size."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzoo.config.units import Size


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture as read. `pixels` is uint8 H W 3 (RGB), or None when it can't be used and `problem` says why.

    `labels` has the index of a value for each attribute of the source, `notes` the rules that changed the picture, and
    `digest` a hash of the file's content where there is a file.
    """

    pixels: NDArray[np.uint8] | None
    labels: tuple[int, ...] = ()
    name: str = ""
    """What messages call the picture, such as its path."""
    problem: str = ""
    notes: tuple[str, ...] = ()
    digest: str = ""


class PictureStream(ABC):
    """Pictures in a fixed order, read from front to back: for data without random access, such as tar shards."""

    attributes: Mapping[str, tuple[str, ...]]
    """Label attributes with the names of their values, such as {"season": ("spring", …)}; empty without labels.

    A stream that finds its labels while it is read has them once `pictures` is exhausted.
    """

    @abstractmethod
    def fingerprint(self) -> str:
        """A text that changes whenever a picture may have changed. It is cheap: no picture is read for it."""

    @abstractmethod
    def count(self) -> int | None:
        """The number of pictures, or None when it is unknown until all are read."""

    def native_sizes(self, most: int) -> Sequence[Size]:
        """The sizes of up to `most` pictures from all over the set, by their headers alone.

        There are none, as by default, where pictures have no size of their own or where it is costly to see.
        """
        return ()

    @abstractmethod
    def pictures(self, size: Size) -> Iterator[Picture]:
        """Every picture once, always in the same order, each exactly size.height x size.width."""


class ImageSource(PictureStream):
    """A numbered set of pictures. The target of a data set part is a subclass, built with the part's options."""

    @abstractmethod
    def __len__(self) -> int:
        """The number of pictures."""

    @abstractmethod
    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """The pictures of those numbers, in that order, each exactly size.height x size.width."""

    def count(self) -> int:
        """The number of pictures."""
        return len(self)

    def pictures(self, size: Size) -> Iterator[Picture]:
        """Every picture in the order of the numbers."""
        return self.read(range(len(self)), size)
