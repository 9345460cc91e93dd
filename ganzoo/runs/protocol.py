"""How a score was taken. Two scores are comparable only when nothing here differs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ganzoo.io import checked

PAINTED = 3
"""The version of protocols of painted scores. In version 2 pictures were looked at without JPEG."""
_NUMBERS = ("n_real", "n_fake", "version")
_LEFT = "left-"
"""How the metric of a painted score begins."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Everything a score depends on besides the model.

    `metric` names the score with its encoder ("KID-lite0"). `data` is the fingerprint of the images, and `held_out`
    says which of them are the real ones. `encoder` is the fingerprint of the encoder's weights, and `preprocessing` the
    one resize that real and generated images go through.
    """

    metric: str
    data: str
    size: str
    """Height and width of the images that were compared."""
    held_out: str
    n_real: int
    """Number of real images."""
    n_fake: int
    """Number of generated images."""
    encoder: str
    preprocessing: str
    quantisation: str = "uint8, rounded"
    """How values became pixels."""
    sources: str = ""
    """Fingerprint of the photos that were translated; empty for images drawn from noise."""
    painted_at: str = ""
    """Of a painted score: the size at which photos were painted. `size` is the one at which pictures were looked at."""
    painting: str = ""
    """Of a painted score: the options that photos were painted with."""
    crops: str = ""
    """Of a painted score: the crops of each picture that were looked at."""
    version: int = 1
    """Grows when a score of the same name is computed in another way."""

    @property
    def encoder_name(self) -> str:
        """The name of the encoder, as in the metric."""
        return self.metric.partition("-")[2]

    @property
    def painted(self) -> bool:
        """Whether it is that of a painted score: per cent of the photos' distance instead of a distance."""
        return is_left(self.metric)

    @property
    def name(self) -> str:
        """What such scores are called: "painted score", or "quick score" of a translator's thumbnails, else "score"."""
        return "painted score" if self.painted else "quick score" if self.sources else "score"

    @property
    def scale(self) -> int:
        """What values are multiplied by when they are shown."""
        return scale_of(self.metric)

    def differences(self, other: "Protocol") -> dict[str, tuple[object, object]]:
        """The fields in which the two differ, with both values."""
        pairs = ((field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return {name: (mine, theirs) for name, mine, theirs in pairs if mine != theirs}

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON and YAML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Protocol":
        """The protocol that `to_dict` gave. Raises TypeError for unknown or missing fields, ValueError for a type."""
        found = cls(**checked.mapping(values, "protocol"))
        for name, value in asdict(found).items():
            (checked.whole if name in _NUMBERS else checked.text)(value, name)
        return found


def left_by(encoder: str) -> str:
    """The metric of a painted score through that encoder."""
    return f"{_LEFT}{encoder}"


def is_left(metric: str) -> bool:
    """Whether it is the metric of a painted score, in per cent."""
    return metric.startswith(_LEFT)


def scale_of(metric: str) -> int:
    """What values of the metric are multiplied by when they are shown: distances by 1000, per cent by nothing."""
    return 1 if is_left(metric) else 1000
