"""The functions of `ganzoo.metrics` as parts: their inputs, and the names of their values."""

from collections.abc import Mapping
from typing import ClassVar

from ganzoo import Options
from ganzoo.metrics import FeatureSets, Metric
from ganzoo.metrics.copies import near_copies
from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.spread import spread

UNRANKABLE = "frechet (not rankable)"


class FrechetDistance(Metric):
    """The Fréchet distance, under another name if there are too few images to rank models by it."""

    meanings: ClassVar[Mapping[str, str]] = {
        "frechet": "how far mean and covariance of the features are off; lower is better",
        UNRANKABLE: "as frechet, but of fewer images than features: do not compare models by it",
    }

    def __init__(self, options: Options) -> None:
        pass

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        """`frechet` under one of its two names."""
        distance = frechet(features.real, features.fake)
        return {"frechet" if distance.rankable else UNRANKABLE: distance.value}


class NeighbourShares(Metric):
    """Precision, recall, density and coverage."""

    meanings: ClassVar[Mapping[str, str]] = {
        "precision": "share of the samples that look like some real image; higher is better",
        "recall": "share of the real images that resemble some sample; higher is better",
        "density": "how many real images a sample is near to, 1 for real ones; higher is better",
        "coverage": "share of the real images with a sample near them; higher is better",
    }

    def __init__(self, options: Options) -> None:
        pass

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        """The four shares."""
        return dict(vars(neighbours(features.real, features.fake)))


class CopyShares(Metric):
    """Near copies of training images, beside the share that chance would give."""

    meanings: ClassVar[Mapping[str, str]] = {
        "copies": "share of the samples that are near copies of training images; lower is better",
        "copies expected": "the share that new real images would have by chance",
    }

    def __init__(self, options: Options) -> None:
        pass

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        """The share found and the share expected."""
        found = near_copies(features.training, features.fake)
        return {"copies": found.share, "copies expected": found.expected}


class SpreadRatios(Metric):
    """How much samples differ from each other, relative to real images."""

    meanings: ClassVar[Mapping[str, str]] = {
        "spread": "how much samples differ from each other, 1 as real images, 0 all alike",
        "spread nearest": "the same to the nearest other sample: low when samples repeat",
    }

    def __init__(self, options: Options) -> None:
        pass

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        """Both ratios."""
        ratios = spread(features.real, features.fake)
        return {"spread": ratios.pairwise, "spread nearest": ratios.nearest}
