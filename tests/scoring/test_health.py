"""The state of a training and each warning come when they should, say the numbers, and don't come otherwise."""

import itertools
import random

import pytest

from ganzoo.scoring import health
from ganzoo.scoring.health import LOOKED_AT, TrainingMonitor, training_state
from tests.scoring.small import evaluation

WELL = {"spread": 0.95, "copies": 0.02, "copies expected": 0.01}


def lines(real: float, fake: float, count: int = 10, **more: float) -> list[dict[str, float]]:
    return [{"D(real)": real, "D(fake)": fake, **more}] * count


@pytest.mark.parametrize(
    ("real", "fake", "loss", "kind"),
    [
        (0.99, 0.01, 4.6, "discriminator wins"),
        (0.99, 0.01, -0.01, "saturated"),
        (0.94, 0.01, -0.01, "balanced"),
        (0.7, 0.3, 1.2, "balanced"),
        (0.52, 0.49, 0.7, "no difference"),
        (0.3, 0.6, 0.5, "no difference"),
    ],
)
def test_the_state_from_probabilities(real: float, fake: float, loss: float, kind: str) -> None:
    found = training_state(lines(real, fake, **{"generator.fake": loss}), probabilities=True)
    assert found is not None and found.kind == kind
    assert f"{real:.2f}" in found.words and f"{fake:.2f}" in found.words


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ((5, -5), (5.5, -5), "balanced"),
        ((5, -5), (9, -9), "critic ahead"),
        ((5, -5), (2, -3), "generator ahead"),
        ((5, -5), (400, -300), "runs away"),
        ((0.2, -0.1), (3, -3), "critic ahead"),  # a small gap that grows is a beginning, and nothing runs away
        ((0.01, 0.002), (0.01, 0.002), "balanced"),  # a clipped critic's scores are small, and no probabilities
        ((0.99, 0.02), (0.98, 0.02), "balanced"),
    ],
)
def test_scores_are_compared_with_those_a_little_earlier(before, now, kind) -> None:
    found = training_state(lines(*before) + lines(*now), probabilities=False)
    assert found is not None and found.kind == kind


def test_noise_is_no_change() -> None:
    draw = random.Random(0)
    reported, monitor = [], TrainingMonitor()
    for _ in range(300):
        found = monitor.update({"D(real)": draw.gauss(0.6, 0.8), "D(fake)": draw.gauss(-0.6, 0.8)}, probabilities=False)
        reported.append(found.kind if found else "")
    assert sum(one != other for one, other in itertools.pairwise(reported)) <= 6
    assert reported.count("balanced") > 250


def test_scores_that_say_nothing() -> None:
    noisy = [line for n in range(10) for line in lines((-1) ** n, 0.0, 1)]
    found = training_state(noisy, probabilities=False)
    assert found is not None and found.kind == "no difference"


def test_too_little_to_tell() -> None:
    assert training_state(lines(0.9, 0.1)[:5], probabilities=True) is None
    assert training_state([{"generator.l1": 0.3}] * 20, probabilities=True) is None


def test_a_state_is_reported_when_it_lasts() -> None:
    monitor = TrainingMonitor()
    found = [monitor.update(line, probabilities=True) for line in lines(0.99, 0.01, **{"generator.fake": 5.0})]
    assert found[8] is None and found[9] is not None and found[9].kind == "discriminator wins"
    for line in lines(0.6, 0.4, LOOKED_AT + 5):
        last = monitor.update(line, probabilities=True)
    assert last is not None and last.kind == "balanced"


def test_nothing_is_said_when_all_is_well():
    assert (
        health.warnings([evaluation(0.5, **WELL), evaluation(0.4, 1, **WELL)], lines(0.7, 0.3, 20), probabilities=True)
        == []
    )


def test_nothing_is_said_without_scores_and_lines():
    assert health.warnings([], [], probabilities=True) == []


def test_nothing_is_said_without_the_metrics_that_would_see_it():
    assert health.warnings([evaluation(0.5)], [], probabilities=True) == []


@pytest.mark.parametrize(
    ("real", "fake", "count", "warned"),
    [
        (0.99, 0.01, 20, True),
        (0.96, 0.04, 20, True),
        (0.94, 0.01, 20, False),
        (0.99, 0.06, 20, False),
        (0.99, 0.01, 19, False),  # too early to tell
    ],
)
def test_the_discriminator_wins(real, fake, count, warned):
    sentence = health.discriminator_wins(lines(real, fake, count), probabilities=True)
    assert bool(sentence) == warned
    if warned:
        assert f"D(real) {real:.2f}, D(fake) {fake:.2f}" in sentence and "augment=diffaug" in sentence


@pytest.mark.parametrize(("real", "fake"), [(0.99, 0.01), (5.0, -5.0)])
def test_scores_that_are_no_probabilities_never_say_that_the_discriminator_wins(real, fake):
    """A good critic with least squares scores near 1 and 0, which its targets are."""
    assert not health.discriminator_wins(lines(real, fake, 20), probabilities=False)
    assert health.warnings([], lines(real, fake, 20), probabilities=False) == []


@pytest.mark.parametrize("loss", [-0.01, 4.6])
def test_the_warning_is_the_state_that_the_live_view_shows(loss):
    last = lines(0.96, 0.04, LOOKED_AT, **{"generator.fake": loss})
    monitor = TrainingMonitor()
    for line in last:
        state = monitor.update(line, probabilities=True)
    assert health.warnings([], last, probabilities=True) == [state.words]


def test_only_the_last_lines_count():
    won, even = lines(0.99, 0.01, 20), lines(0.5, 0.5, 50)
    assert health.discriminator_wins([*even, *won], probabilities=True)
    assert not health.discriminator_wins([*won, *even], probabilities=True)


@pytest.mark.parametrize(("spread", "told"), [(0.0, True), (0.59, True), (0.6, False), (1.1, False)])
def test_samples_alike(spread, told):
    found = health.warnings([evaluation(0.5, **{**WELL, "spread": spread})], [], probabilities=True)
    assert bool(found) == told
    assert not told or f"{spread:.0%} as much" in found[0]


@pytest.mark.parametrize(("share", "told"), [(0.0, False), (0.06, False), (0.07, True), (1.0, True)])
def test_copies(share, told):
    found = health.warnings([evaluation(0.5, **{**WELL, "copies": share})], [], probabilities=True)
    assert bool(found) == told
    assert not told or found[0].startswith(f"{share:.0%} of the samples are near copies")


def test_the_score_rises_only_when_the_intervals_are_apart():
    assert not health.score_rises([evaluation(0.50), evaluation(0.51, 1)])
    assert not health.score_rises([evaluation(0.50), evaluation(0.40, 1)])
    sentence = health.score_rises([evaluation(0.60), evaluation(0.50, 7), evaluation(0.55, 9)])
    assert "550.0 now, 500.0 at step 7" in sentence


@pytest.mark.parametrize(
    ("values", "flat"),
    [
        ([3, 3, 3], False),
        ([3, 3, 3, 3], True),
        ([3, 4, 5, 6], True),
        ([3, 4, 2, 6], False),
        ([5, 1, 2, 2, 2], True),
        ([5, 2, 2, 2, 1], False),
    ],
)
def test_flat(values, flat):
    assert health.flat([evaluation(value, step) for step, value in enumerate(values)], patience=3) is flat
