"""Amounts that users write: budgets and intervals ("10min", "2000steps", "200kimg"), image sizes ("64", "96x160")."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, PlainSerializer

Unit = Literal["s", "min", "h", "steps", "kimg"]
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_MOST = 1e12
_ALIASES = {"step": "steps", "m": "min", "sec": "s", "hour": "h", "hours": "h"}


@dataclass(frozen=True)
class Progress:
    """How far a run has come: steps done, real images shown, seconds trained."""

    steps: int = 0
    """Rounds that are done."""
    images: int = 0
    """Real images that were drawn from the data."""
    seconds: float = 0.0
    """Seconds of training, without pauses between sessions."""


@dataclass(frozen=True)
class Amount:
    """A length of training in one unit; a budget when it ends a run, an interval when it recurs."""

    value: float
    unit: Unit

    @classmethod
    def parse(cls, text: object) -> "Amount":
        """Reads "10min", "90s", "2h", "2000steps" or "200kimg"; raises ValueError on anything else."""
        if isinstance(text, Amount):
            return text
        match = _AMOUNT.fullmatch(str(text).strip().lower())
        unit = _ALIASES.get(match[2], match[2]) if match else ""
        if match is None or unit not in get_args(Unit) or not 0 < float(match[1]) <= _MOST:
            raise ValueError("write a positive amount with its unit, such as 10min, 90s, 2h, 2000steps or 200kimg")
        return cls(float(match[1]), unit)  # type: ignore[arg-type]  # checked against Unit just above

    @property
    def timed(self) -> bool:
        """Whether it is a time, which differs from run to run."""
        return self.unit in _SECONDS

    def count(self, progress: Progress) -> float:
        """How many of this amount fit into the progress: 1.0 when it is just reached."""
        if self.unit == "steps":
            return progress.steps / self.value
        if self.unit == "kimg":
            return progress.images / (1000 * self.value)
        return progress.seconds / (_SECONDS[self.unit] * self.value)

    def __str__(self) -> str:
        return f"{self.value:.0f}{self.unit}" if self.value == int(self.value) else f"{self.value!r}{self.unit}"


@dataclass(frozen=True)
class Size:
    """Height and width of an image in pixels."""

    height: int
    """In pixels."""
    width: int
    """In pixels."""

    @classmethod
    def parse(cls, text: object) -> "Size":
        """Reads "64" (a square) or "96x160" (height x width); raises ValueError on anything else."""
        if isinstance(text, Size):
            return text
        match = re.fullmatch(r"(\d{1,5})(?:\s*[x\u00d7]\s*(\d{1,5}))?", str(text).strip().lower())
        if match is None or min(int(side) for side in match.groups() if side) < 1:
            raise ValueError("write one side for a square (64) or height x width (96x160)")
        return cls(int(match[1]), int(match[2] or match[1]))

    def __str__(self) -> str:
        return str(self.height) if self.height == self.width else f"{self.height}x{self.width}"


def duration(seconds: float) -> str:
    """Seconds in words, such as "3 min 20 s"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


AmountField = Annotated[Amount, BeforeValidator(Amount.parse), PlainSerializer(str)]
SizeField = Annotated[Size, BeforeValidator(Size.parse), PlainSerializer(str)]
