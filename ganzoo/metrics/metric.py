"""What a part of kind "metric" is: something that is computed from features beside the score that ranks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class FeatureSets:
    """Features of one encoder, float32 on the CPU: of held-out images, of a model's, and of some it was trained on."""

    real: Tensor
    """N x D."""
    fake: Tensor
    """M x D."""
    training: Tensor
    """T x D, drawn evenly from all images trained on."""


class Metric(ABC):
    """One or several values of a model's images. A part's target is called as `target(options)`.

    It may raise ValueError for sets that it can't be computed of: the user is told, and all other values are kept.
    """

    meanings: ClassVar[Mapping[str, str]] = {}
    """One plain phrase for each value by its name, with the direction that is better."""

    @abstractmethod
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        """Finite values by name. The features are the metric's own, so it may change them."""
