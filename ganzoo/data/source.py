"""What a data set is to ganzoo: pictures that can be read one after the other at any size."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzoo.config.units import Size


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture as read: `pixels` is uint8 H W 3 (RGB), or None when it can't be used and `problem` says why.

    `labels` holds one value index for each attribute of the source, `notes` the rules that changed the picture,
    `digest` a hash of the file's content where there is a file.
    """

    pixels: NDArray[np.uint8] | None
    labels: tuple[int, ...] = ()
    name: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    digest: str = ""


class PictureStream(ABC):
    """Pictures in a fixed order, read from front to back; for data that have no numbers, such as tar shards."""

    attributes: Mapping[str, tuple[str, ...]]
    """Label attributes with the names of their values, such as {"season": ("spring", …)}; empty without labels.

    A stream that finds its labels while it is read has them when `pictures` has come to its end.
    """

    @abstractmethod
    def fingerprint(self) -> str:
        """Text that changes whenever a picture might have; cheap, no picture is read for it."""

    @abstractmethod
    def count(self) -> int | None:
        """Number of pictures, or None when only reading them all would tell."""

    @abstractmethod
    def pictures(self, size: Size) -> Iterator[Picture]:
        """Every picture once, always in the same order, each exactly size.height x size.width."""


class ImageSource(PictureStream):
    """A numbered set of pictures. A data set part's target is a subclass, built with the part's options."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """The pictures of those numbers, in that order, each exactly size.height x size.width."""

    def count(self) -> int:
        """The number of pictures."""
        return len(self)

    def pictures(self, size: Size) -> Iterator[Picture]:
        """Every picture in the order of the numbers."""
        return self.read(range(len(self)), size)
