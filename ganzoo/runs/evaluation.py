"""The scores of one checkpoint, ready for JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ganzoo.runs.protocol import Protocol


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    """The value."""
    low: float
    """The lower end."""
    high: float
    """The upper end."""

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two intervals have values in common."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of the images that one checkpoint draws.

    Runs are ranked by `score`; lower is better. `floor` is the score of other real images, which a model can beat only
    by chance. `ceiling` is the score of noise. `others` are further values by name. `weights` says whether the averaged
    ("ema") or the live weights drew the images.
    """

    protocol: Protocol
    """How the score was taken."""
    score: Interval
    floor: Interval
    ceiling: float
    others: Mapping[str, float]
    step: int
    """The step of the checkpoint."""
    weights: str
    beside: "tuple[Evaluation, ...]" = ()
    """The same images scored through further encoders, each with a protocol of its own."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON and YAML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Evaluation":
        """The evaluation that `to_dict` gave. Raises KeyError or TypeError for anything else."""
        return cls(
            protocol=Protocol.from_dict(content["protocol"]),
            score=Interval(**content["score"]),
            floor=Interval(**content["floor"]),
            ceiling=float(content["ceiling"]),
            others={str(name): float(value) for name, value in content["others"].items()},
            step=int(content["step"]),
            weights=str(content["weights"]),
            beside=tuple(cls.from_dict({**one, "beside": ()}) for one in content.get("beside", ())),
        )
