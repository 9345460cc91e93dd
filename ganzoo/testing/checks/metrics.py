"""Checks of metrics, which are pure functions of features."""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ganzoo.metrics import FeatureSets, Metric
from ganzoo.testing.checks.parts import all_read, built, refused_well
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Declared, names

_ROWS, _COLUMNS = 60, 12
_SIZE = (16, 24)
_CLOSE = 1e-6


def metric_values(subject: Declared) -> None:
    """Values are finite numbers by name, and `meanings` has a phrase for each."""
    metric = _metric(subject)
    values = metric.compute(_features())
    if not values:
        fail("compute() gives no value")
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, int | float) or not math.isfinite(value):
            fail(f"value {name!r} is {value!r}, expected a finite number")
    if bare := set(values) - set(metric.meanings):
        fail(f"`meanings` has no phrase for {names(bare)}: users see it beside the value")


def metric_repeatable(subject: Declared) -> None:
    """The same features give the same values, whatever was computed before."""
    metric = _metric(subject)
    first = metric.compute(_features())
    metric.compute(_features(far=True))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(99)
        _compare(first, metric.compute(_features()), 0.0, "at the second call")


def metric_order_free(subject: Declared) -> None:
    """The order of the images does not matter."""
    metric, features = _metric(subject), _features()
    turned = FeatureSets(**{name: one.flip(0) for name, one in vars(features).items()})
    _compare(metric.compute(_features()), metric.compute(turned), _CLOSE, "when the images are reordered")


def metric_sees_a_difference(subject: Declared) -> None:
    """At least one value differs between similar and very different images."""
    metric = _metric(subject)
    near, far = metric.compute(_features()), metric.compute(_features(far=True))
    if all(abs(near[name] - far[name]) <= _CLOSE * max(1.0, abs(near[name])) for name in near):
        fail("images far from the real ones get the same values as images close to them")


def metric_few_images(subject: Declared) -> None:
    """One or two images give finite values, or a ValueError that says what is needed."""
    metric = _metric(subject)
    for rows in (1, 2):
        values = refused_well(lambda rows=rows: metric.compute(_features(rows)), f"{rows} image(s)")  # type: ignore[misc]
        if wrong := [name for name, value in (values or {}).items() if not math.isfinite(value)]:
            fail(f"{rows} image(s) give {names(wrong)} that is not finite: raise ValueError that says what is needed")


def metric_options_read(subject: Declared) -> None:
    """Every option of the metric is read."""
    read: set[str] = set()
    built(subject, read).compute(_features())
    all_read(subject, read)


def _metric(subject: Declared) -> Metric:
    metric = built(subject)
    if not isinstance(metric, Metric):
        fail(f"{subject.spec.target} gives no ganzoo.metrics.Metric")
    return metric


def _features(rows: int = _ROWS, far: bool = False) -> FeatureSets:
    rng = torch.Generator().manual_seed(0)

    def draw() -> Tensor:
        return torch.randn(rows, _COLUMNS, generator=rng)

    def pixels(darkest: int) -> Tensor:
        return torch.randint(darkest, 256, (rows, 3, *_SIZE), generator=rng, dtype=torch.uint8)

    fake = draw() * 0.3 + 4 if far else draw()
    sets = FeatureSets(real=draw(), fake=fake, training=draw())
    return replace(sets, real_pixels=pixels(0), fake_pixels=pixels(200 if far else 0))


def _compare(one: Mapping[str, float], other: Mapping[str, float], close: float, when: str) -> None:
    if differing := [name for name in one if abs(one[name] - other[name]) > close * max(1.0, abs(one[name]))]:
        fail(f"{names(differing)} differs {when}")
