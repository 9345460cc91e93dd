"""How the game of two players stands, in plain words, from the logged scores of real and drawn images."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LOOKED_AT = 20
"""Logged lines that the words are about; the later half of them is compared with the earlier one."""
_LEAST = 6
_SURE = 0.95
_SLOPE_LEFT = 0.1
_EVEN = 0.05
_MORE, _FAR_MORE = 1.25, 5.0


@dataclass(frozen=True, kw_only=True)
class State:
    """`kind` is a name of what goes on, `words` say it with numbers."""

    kind: str
    words: str


class Watch:
    """Remembers the last logged lines of a run."""

    def __init__(self) -> None:
        self._lines: deque[Mapping[str, float]] = deque(maxlen=LOOKED_AT)

    def see(self, scalars: Mapping[str, float]) -> State | None:
        """How the game stands after these values; None while there is too little to tell."""
        self._lines.append(dict(scalars))
        return state(self._lines)


def state(lines: Sequence[Mapping[str, float]]) -> State | None:
    """How the game stood over the lines, oldest first; None for too few, and for models that log no such scores."""
    seen = [line for line in lines if "D(real)" in line and "D(fake)" in line]
    if len(seen) < _LEAST:
        return None
    if all(0 <= line[key] <= 1 for line in seen for key in ("D(real)", "D(fake)")):
        return _of_probabilities(seen)
    return _of_scores(seen)


def _of_probabilities(lines: Sequence[Mapping[str, float]]) -> State:
    real, fake = _mean(lines, "D(real)"), _mean(lines, "D(fake)")
    numbers = f"D(real) {real:.2f}, D(fake) {fake:.2f}"
    if real >= _SURE and fake <= 1 - _SURE:
        if -_SLOPE_LEFT < _mean(lines, "generator.fake") <= 0:
            return State(
                kind="saturated",
                words=f"the discriminator is sure ({numbers}), and this loss then has no slope left for the generator,"
                " which stands still: loss=non-saturating is the remedy",
            )
        return State(
            kind="discriminator wins",
            words=f"the discriminator is sure of nearly every image ({numbers}): the generator learns little",
        )
    if real - fake < _EVEN:
        return State(
            kind="no difference",
            words=f"the discriminator tells drawn from real no better than a coin ({numbers}):"
            " they are good, or it has learnt nothing yet",
        )
    return State(kind="even", words=f"an even game: {numbers}")


def _of_scores(lines: Sequence[Mapping[str, float]]) -> State:
    half = len(lines) // 2
    before, now = (_mean(part, "D(real)") - _mean(part, "D(fake)") for part in (lines[:half], lines[half:]))
    numbers = f"real images score {now:.3g} above drawn ones, {before:.3g} a little earlier"
    if now <= 0:
        return State(kind="no difference", words=f"the critic tells nothing at present: {numbers}")
    if now > _FAR_MORE * before > 0:
        return State(kind="runs away", words=f"the critic's scores run away: {numbers}; a smaller lr may hold them")
    if now > _MORE * before:
        return State(kind="critic ahead", words=f"the critic draws ahead: {numbers}")
    if now * _MORE < before:
        return State(kind="generator ahead", words=f"the generator catches up: {numbers}")
    return State(kind="even", words=f"an even game: {numbers}")


def _mean(lines: Sequence[Mapping[str, float]], name: str) -> float:
    """NaN, of which no comparison holds, where no line has the value."""
    values = [line[name] for line in lines if name in line]
    return sum(values) / len(values) if values else float("nan")
