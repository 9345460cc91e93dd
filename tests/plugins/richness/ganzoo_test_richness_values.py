"""The share of features that samples use, and a metric that always fails."""

from collections.abc import Mapping
from typing import ClassVar

from ganzoo import Options
from ganzoo.metrics import FeatureSets, Metric


class Richness(Metric):
    meanings: ClassVar[Mapping[str, str]] = {"richness": "share of the features that any sample uses; higher is better"}

    def __init__(self, options: Options) -> None:
        pass

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        return {"richness": float((features.fake != 0).any(0).float().mean())}


class Hopeless(Metric):
    def __init__(self, options: Options) -> None:
        pass

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        raise RuntimeError(f"no hope with {len(features.fake)} images")
