"""The base class of parts of kind "metric": values computed from features, beside the score that ranks models."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class FeatureSets:
    """Features by one encoder, float32 on the CPU: of held-out images, of a model's images, and of training images."""

    real: Tensor
    """N x D."""
    fake: Tensor
    """M x D."""
    training: Tensor
    """T x D, of images drawn evenly from the whole training set."""
    real_pixels: Tensor | None = None
    """The held-out images, uint8 N 3 H W; None unless the metric `needs_pixels`."""
    fake_pixels: Tensor | None = None
    """The model's images, uint8 M 3 H W; None unless the metric `needs_pixels`."""


class Metric(ABC):
    """One value or several of a model's images. A part's target is called as `target(options)`.

    A metric with an encoder of its own has it as a part in its options, is called as `target(options, parts=Parts)`,
    and encodes the pixels itself, by `ganzoo.encoders.encode`.

    `compute` may raise ValueError for sets that it can't use. The user then sees the reason, and all other values are
    kept.
    """

    meanings: ClassVar[Mapping[str, str]] = {}
    """A plain phrase for each value by its name, which says whether higher or lower is better."""

    needs_pixels: ClassVar[bool] = False
    """Whether `compute` receives the images too."""

    @abstractmethod
    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        """Finite values by name. Each metric receives its own copy of the features, so it may change them."""
