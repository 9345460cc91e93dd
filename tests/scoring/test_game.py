"""The words for a game are those that fit its numbers, and come only when there is enough to tell."""

import pytest

from ganzoo.scoring.game import LOOKED_AT, Watch, state


def lines(real: float, fake: float, **more: float) -> list[dict[str, float]]:
    return [{"D(real)": real, "D(fake)": fake, **more}] * 10


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
    found = state(lines(real, fake, **{"generator.fake": loss}))
    assert found is not None and found.kind == kind
    assert f"{real:.2f}" in found.words and f"{fake:.2f}" in found.words


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ((5, -5), (5.5, -5), "even"),
        ((5, -5), (9, -9), "critic ahead"),
        ((5, -5), (2, -3), "generator ahead"),
        ((5, -5), (400, -300), "runs away"),
        ((5, -5), (-3, -2), "no difference"),
        ((-2, 1), (5, 1), "critic ahead"),
    ],
)
def test_scores_are_compared_with_those_a_little_earlier(before, now, kind) -> None:
    found = state(lines(*before) + lines(*now))
    assert found is not None and found.kind == kind


def test_too_little_to_tell() -> None:
    assert state(lines(0.9, 0.1)[:5]) is None
    assert state([{"generator.l1": 0.3}] * 20) is None


def test_a_watch_forgets_what_is_long_ago() -> None:
    watch = Watch()
    for line in lines(0.99, 0.01, **{"generator.fake": 5.0}):
        found = watch.see(line)
    assert found is not None and found.kind == "discriminator wins"
    for line in (lines(0.6, 0.4) * 2)[:LOOKED_AT]:
        found = watch.see(line)
    assert found is not None and found.kind == "even"
