"""Scores of generated images: pure functions of feature matrices or image pairs, computed in float64."""

from ganzoo.metrics.metric import FeatureSets, Metric

__all__ = ["FeatureSets", "Metric"]
