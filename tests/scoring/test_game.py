"""The words for a game are those that fit its numbers, and come only when there is enough to tell."""

import itertools
import random

import pytest

from ganzoo.scoring.game import LOOKED_AT, Watch, state


def lines(real: float, fake: float, count: int = 10, **more: float) -> list[dict[str, float]]:
    return [{"D(real)": real, "D(fake)": fake, **more}] * count


@pytest.mark.parametrize(
    ("real", "fake", "loss", "kind"),
    [
        (0.99, 0.01, 4.6, "discriminator wins"),
        (0.99, 0.01, -0.01, "saturated"),
        (0.94, 0.01, -0.01, "even"),
        (0.7, 0.3, 1.2, "even"),
        (0.52, 0.49, 0.7, "no difference"),
        (0.3, 0.6, 0.5, "no difference"),
    ],
)
def test_probabilities(real: float, fake: float, loss: float, kind: str) -> None:
    found = state(lines(real, fake, **{"generator.fake": loss}), probabilities=True)
    assert found is not None and found.kind == kind
    assert f"{real:.2f}" in found.words and f"{fake:.2f}" in found.words


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ((5, -5), (5.5, -5), "even"),
        ((5, -5), (9, -9), "critic ahead"),
        ((5, -5), (2, -3), "generator ahead"),
        ((5, -5), (400, -300), "runs away"),
        ((0.2, -0.1), (3, -3), "critic ahead"),  # a small gap that grows is a beginning, and nothing runs away
        ((0.01, 0.002), (0.01, 0.002), "even"),  # a clipped critic's scores are small, and no probabilities
        ((0.99, 0.02), (0.98, 0.02), "even"),
    ],
)
def test_scores_are_compared_with_those_a_little_earlier(before, now, kind) -> None:
    found = state(lines(*before) + lines(*now), probabilities=False)
    assert found is not None and found.kind == kind


def test_noise_is_no_change() -> None:
    draw = random.Random(0)
    told, watch = [], Watch()
    for _ in range(300):
        found = watch.see({"D(real)": draw.gauss(0.6, 0.8), "D(fake)": draw.gauss(-0.6, 0.8)}, probabilities=False)
        told.append(found.kind if found else "")
    assert sum(one != other for one, other in itertools.pairwise(told)) <= 6
    assert told.count("even") > 250


def test_scores_that_say_nothing() -> None:
    noisy = [line for n in range(10) for line in lines((-1) ** n, 0.0, 1)]
    found = state(noisy, probabilities=False)
    assert found is not None and found.kind == "no difference"


def test_too_little_to_tell() -> None:
    assert state(lines(0.9, 0.1)[:5], probabilities=True) is None
    assert state([{"generator.l1": 0.3}] * 20, probabilities=True) is None


def test_a_state_is_told_when_it_lasts() -> None:
    watch = Watch()
    found = [watch.see(line, probabilities=True) for line in lines(0.99, 0.01, **{"generator.fake": 5.0})]
    assert found[8] is None and found[9] is not None and found[9].kind == "discriminator wins"
    for line in lines(0.6, 0.4, LOOKED_AT + 5):
        last = watch.see(line, probabilities=True)
    assert last is not None and last.kind == "even"
