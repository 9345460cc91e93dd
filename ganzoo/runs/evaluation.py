"""The scores of one checkpoint, ready for JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ganzoo.io import checked
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

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Interval":
        """The interval with these fields. Raises ValueError where one is no finite number, TypeError for others."""
        given = checked.mapping(content, "interval")
        return cls(**{name: checked.number(value, name) for name, value in given.items()})


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
        """The evaluation that `to_dict` gave. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            protocol=Protocol.from_dict(content["protocol"]),
            score=Interval.from_dict(content["score"]),
            floor=Interval.from_dict(content["floor"]),
            ceiling=checked.number(content["ceiling"], "ceiling"),
            others={k: checked.number(v, k) for k, v in checked.mapping(content["others"], "others").items()},
            step=checked.whole(content["step"], "step"),
            weights=checked.text(content["weights"], "weights"),
            beside=tuple(cls.from_dict({**one, "beside": ()}) for one in content.get("beside", ())),
        )
