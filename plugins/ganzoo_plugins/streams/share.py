"""The part of the data that a process reads when several train together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from ganzoo import UsageError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Share:
    """Part `number`, counted from 0, of `parts`."""

    number: int = 0
    parts: int = 1

    @property
    def whole(self) -> bool:
        """Whether it is all of the data."""
        return self.parts == 1

    def of(self, items: Iterable[T]) -> Iterator[T]:
        """Every `parts`-th item from `number` on: disjoint and complete over all parts."""
        return islice(items, self.number, None, self.parts)


def chosen_share(text: str, environment: Mapping[str, str]) -> Share:
    """The share "2/8", or for "auto" that of RANK and WORLD_SIZE, which torchrun sets; all of it without them.

    Raises UsageError when they are no numbers that fit.
    """
    if text != "auto":
        number, _, parts = text.partition("/")
        return Share(number=int(number) - 1, parts=int(parts))
    rank, size = environment.get("RANK", "0"), environment.get("WORLD_SIZE", "1")
    if not (rank.isdecimal() and size.isdecimal() and int(rank) < int(size)):
        raise UsageError(f"RANK={rank!r} of WORLD_SIZE={size!r} is no share: set data.share, such as 1/8")
    return Share(number=int(rank), parts=int(size))
