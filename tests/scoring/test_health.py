"""Each warning is given when it should be, says the numbers, and is not given otherwise."""

import pytest

from ganzoo.scoring import health
from tests.scoring.small import evaluation

WELL = {"spread": 0.95, "copies": 0.02, "copies expected": 0.01}


def lines(real, fake, count=20):
    return [{"D(real)": real, "D(fake)": fake}] * count


def test_nothing_is_said_when_all_is_well():
    assert health.warnings([evaluation(0.5, **WELL), evaluation(0.4, 1, **WELL)], lines(0.7, 0.3)) == []


def test_nothing_is_said_without_scores_and_lines():
    assert health.warnings([], []) == []


def test_nothing_is_said_without_the_metrics_that_would_see_it():
    assert health.warnings([evaluation(0.5)], []) == []


@pytest.mark.parametrize(
    ("real", "fake", "count", "told"),
    [
        (0.99, 0.01, 20, True),
        (0.96, 0.04, 20, True),
        (0.94, 0.01, 20, False),
        (0.99, 0.06, 20, False),
        (0.99, 0.01, 19, False),  # too early to tell
        (5.0, -5.0, 20, False),  # a critic's scores are no probabilities
    ],
)
def test_the_discriminator_wins(real, fake, count, told):
    sentence = health.discriminator_wins(lines(real, fake, count))
    assert bool(sentence) == told
    if told:
        assert f"D(real) {real:.2f}, D(fake) {fake:.2f}" in sentence and "augment=diffaug" in sentence


def test_only_the_last_lines_count():
    assert health.discriminator_wins(lines(0.5, 0.5, 50) + lines(0.99, 0.01))
    assert not health.discriminator_wins(lines(0.99, 0.01, 50) + lines(0.5, 0.5))


@pytest.mark.parametrize(("spread", "told"), [(0.0, True), (0.59, True), (0.6, False), (1.1, False)])
def test_samples_alike(spread, told):
    found = health.warnings([evaluation(0.5, **{**WELL, "spread": spread})], [])
    assert bool(found) == told
    assert not told or f"{spread:.0%} as much" in found[0]


@pytest.mark.parametrize(("share", "told"), [(0.0, False), (0.06, False), (0.07, True), (1.0, True)])
def test_copies(share, told):
    found = health.warnings([evaluation(0.5, **{**WELL, "copies": share})], [])
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
