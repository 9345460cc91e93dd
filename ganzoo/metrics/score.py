"""What a metric answers: a value, its interval if one was computed, and what may be concluded from it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Score:
    """A metric's value with the ends of its 95 % interval, or None where no interval was computed.

    `rankable` is False when models must not be ordered by this value, because too few images went into it.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    lower_is_better: bool = True
    rankable: bool = True
