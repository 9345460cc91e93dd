"""The values beside the score that ranks models: those of the metric parts. One that fails harms no other."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ganzoo.errors import one_line
from ganzoo.metrics import FeatureSets, Metric

ReadPixels = Callable[[], tuple[NDArray[np.uint8], NDArray[np.uint8]]]
"""Gives the real images and those of the model, uint8 N H W 3."""


class ExtraMetrics:
    """Metrics by the names of their parts; `warn` receives one message for each that fails."""

    def __init__(self, metrics: Mapping[str, Metric], warn: Callable[[str], None]) -> None:
        self._metrics = metrics
        self._warn = warn
        self._warned: set[str] = set()

    def compute(self, features: FeatureSets, pixels: ReadPixels) -> dict[str, float]:
        """All values by name; those of failing metrics are missing. `pixels` is called if a metric needs them."""
        values: dict[str, float] = {}
        for name, metric in self._metrics.items():
            try:
                given = _with_pixels(features, *pixels()) if metric.needs_pixels else features
                values |= _checked(_compute(metric, given), taken=values)
            except (Exception, SystemExit) as error:
                self._warn_once(name, one_line(error))
        return values

    def _warn_once(self, name: str, problem: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            self._warn(f"metric '{name}' failed and its values are missing: {problem}")


def _with_pixels(features: FeatureSets, real: NDArray[np.uint8], fake: NDArray[np.uint8]) -> FeatureSets:
    """The features with the images that they are of, N H W 3."""
    planes = (torch.from_numpy(np.ascontiguousarray(one.transpose(0, 3, 1, 2))) for one in (real, fake))
    return replace(features, **dict(zip(("real_pixels", "fake_pixels"), planes, strict=True)))


def _compute(metric: Metric, features: FeatureSets) -> Mapping[str, float]:
    """Computes on copies and with separate randomness, so that no metric changes other scores or the training."""
    sets = {name: value for name, value in vars(features).items() if value is not None}
    own = FeatureSets(**{name: value.clone() for name, value in sets.items()})
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        return metric.compute(own)


def _checked(values: Mapping[str, float], taken: Mapping[str, float]) -> dict[str, float]:
    checked = {str(name): float(value) for name, value in values.items()}
    for name, value in checked.items():
        if not math.isfinite(value):
            raise ValueError(f"'{name}' is {value}")
        if name in taken:
            raise ValueError(f"'{name}' is the name of another metric's value")
    return checked
