"""How the game of two players stands, in plain words, from the logged scores of real and drawn images."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

LOOKED_AT = 20
"""Logged lines that the words are about; the later half of them is compared with the earlier one."""
_LEAST = 6
_HELD = 5
"""Lines in a row that a new state must last before it is told: single batches are noisy."""
_SURE = 0.95
_SLOPE_LEFT = 0.1
_EVEN = 0.05
_CLEAR = 3.0
"""Standard errors between the halves before a change of scores is one."""
_MORE, _FAR_MORE, _LARGE = 1.25, 5.0, 10.0


@dataclass(frozen=True, kw_only=True)
class State:
    """`kind` is a name of what goes on, `words` say it with numbers."""

    kind: str
    words: str


class Watch:
    """Remembers the last logged lines of a run, and what it has said of them."""

    def __init__(self) -> None:
        self._lines: deque[Mapping[str, float]] = deque(maxlen=LOOKED_AT)
        self._told: State | None = None
        self._new = ""
        self._held = 0

    def see(self, scalars: Mapping[str, float], *, probabilities: bool) -> State | None:
        """How the game stands after these values; None while there is too little to tell."""
        self._lines.append(dict(scalars))
        now = state(self._lines, probabilities=probabilities)
        if now is None:
            return self._told
        self._held = self._held + 1 if now.kind == self._new else 1
        self._new = now.kind
        if self._held >= _HELD or (self._told is not None and now.kind == self._told.kind):
            self._told = now
        return self._told


def state(lines: Sequence[Mapping[str, float]], *, probabilities: bool) -> State | None:
    """How the game stood over the lines, oldest first; None for too few, and for models that log no such scores.

    `probabilities` says what D(real) and D(fake) are: those of a loss on logits, or plain scores.
    """
    seen = [line for line in lines if "D(real)" in line and "D(fake)" in line]
    if len(seen) < _LEAST:
        return None
    return _of_probabilities(seen) if probabilities else _of_scores(seen)


def _of_probabilities(lines: Sequence[Mapping[str, float]]) -> State:
    real, fake = (fmean(line[name] for line in lines) for name in ("D(real)", "D(fake)"))
    numbers = f"D(real) {real:.2f}, D(fake) {fake:.2f}"
    if real >= _SURE and fake <= 1 - _SURE:
        # Minus this loss is all that the generator can still change: next to nothing where the game saturates.
        losses = [line["generator.fake"] for line in lines if "generator.fake" in line]
        if losses and -_SLOPE_LEFT < fmean(losses) <= 0:
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
    gaps = [line["D(real)"] - line["D(fake)"] for line in lines]
    half = len(gaps) // 2
    before, now = fmean(gaps[:half]), fmean(gaps[half:])
    error = math.sqrt(pvariance(gaps[:half]) / half + pvariance(gaps[half:]) / (len(gaps) - half))
    numbers = f"real images score {now:.3g} above drawn ones, {before:.3g} a little earlier"
    if fmean(gaps) < _CLEAR * math.sqrt(pvariance(gaps) / len(gaps)):
        return State(kind="no difference", words=f"the critic tells nothing for sure at present: {numbers}")
    if abs(now - before) > _CLEAR * error:
        if now > max(_FAR_MORE * before, _LARGE):
            return State(kind="runs away", words=f"the critic's scores run away: {numbers}; a smaller lr may hold them")
        if now > _MORE * before:
            return State(kind="critic ahead", words=f"the critic draws ahead: {numbers}")
        if now * _MORE < before:
            return State(kind="generator ahead", words=f"the generator catches up: {numbers}")
    return State(kind="even", words=f"an even game: {numbers}")
