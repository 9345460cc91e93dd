"""The values beside the score that ranks models: those of the metric parts. One that fails harms no other."""

import math
from collections.abc import Callable, Mapping

import torch

from ganzoo.errors import one_line
from ganzoo.metrics import FeatureSets, Metric


class ExtraMetrics:
    """Metrics by the names of their parts; `warn` receives one message for each that fails."""

    def __init__(self, metrics: Mapping[str, Metric], warn: Callable[[str], None]) -> None:
        self._metrics = metrics
        self._warn = warn
        self._warned: set[str] = set()

    def compute(self, features: FeatureSets) -> dict[str, float]:
        """All values by name; those of failing metrics are missing."""
        values: dict[str, float] = {}
        for name, metric in self._metrics.items():
            try:
                values |= _checked(_compute(metric, features), taken=values)
            except (Exception, SystemExit) as error:
                self._warn_once(name, one_line(error))
        return values

    def _warn_once(self, name: str, problem: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            self._warn(f"metric '{name}' failed and its values are missing: {problem}")


def _compute(metric: Metric, features: FeatureSets) -> Mapping[str, float]:
    """Computes on copies and with separate randomness, so that no metric changes other scores or the training."""
    own = FeatureSets(real=features.real.clone(), fake=features.fake.clone(), training=features.training.clone())
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
