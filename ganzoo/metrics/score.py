"""The result of a metric: a value, its interval if one was computed, and whether it may rank models."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Score:
    """A metric's value with the ends of its 95 % interval, which are None where no interval was computed.

    `rankable` is False when the value comes from too few images to rank models by it.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    lower_is_better: bool = True
    rankable: bool = True
