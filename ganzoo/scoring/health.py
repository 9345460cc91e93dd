"""How a training stands and what goes wrong in it, in plain words with the numbers that say so."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

from ganzoo.runs.evaluation import Evaluation

LOOKED_AT = 20
"""Logged lines that the words are about. Of plain scores the later half is compared with the earlier one."""
_LEAST = 6
_HELD = 5
"""Lines in a row that a new state must last before it is reported, since single batches are noisy."""
_CERTAIN = 0.95
"""The discriminator wins where D(real) is at least this and D(fake) at most 1 minus this."""
_SLOPE_LEFT = 0.1
_EVEN = 0.05
_CLEAR = 3.0
"""Standard errors between the halves from which on scores have changed."""
_MORE, _FAR_MORE, _LARGE = 1.25, 5.0, 10.0
_ALIKE = 0.6
_COPIES = 0.05
"""Share of near copies above what is expected of new images."""
_WARNED_OF = ("discriminator wins", "saturated")
"""Kinds of states that are warnings as well."""


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """`kind` names what happens between the two networks, `words` say it with numbers."""

    kind: str
    words: str


class TrainingMonitor:
    """Remembers the last logged lines of a run, and the state that it has reported."""

    def __init__(self) -> None:
        self._lines: deque[Mapping[str, float]] = deque(maxlen=LOOKED_AT)
        self._reported: TrainingState | None = None
        self._new = ""
        self._held = 0

    def update(self, scalars: Mapping[str, float], *, probabilities: bool) -> TrainingState | None:
        """The state of the training after these values; None as long as there are too few of them."""
        self._lines.append(dict(scalars))
        now = training_state(self._lines, probabilities=probabilities)
        if now is None:
            return self._reported
        self._held = self._held + 1 if now.kind == self._new else 1
        self._new = now.kind
        if self._held >= _HELD or (self._reported is not None and now.kind == self._reported.kind):
            self._reported = now
        return self._reported


def training_state(lines: Sequence[Mapping[str, float]], *, probabilities: bool) -> TrainingState | None:
    """The state over the lines, oldest first; None for too few, and for models that log no D(real) and D(fake).

    `probabilities` says what these are: probabilities, of a loss on logits, or plain scores.
    """
    scored = _scored(lines)
    if len(scored) < _LEAST:
        return None
    return _of_probabilities(scored) if probabilities else _of_scores(scored)


def warnings(
    evaluations: Sequence[Evaluation], scalars: Sequence[Mapping[str, float]], *, probabilities: bool
) -> list[str]:
    """Sentences about the newest of `evaluations` (oldest first) and the logged `scalars`; none when all is well.

    `probabilities` is that of `training_state`.
    """
    found = [discriminator_wins(scalars, probabilities=probabilities)]
    if evaluations:
        found += [samples_alike(evaluations[-1]), copies(evaluations[-1]), score_rises(evaluations)]
    return [sentence for sentence in found if sentence]


def discriminator_wins(scalars: Sequence[Mapping[str, float]], *, probabilities: bool) -> str:
    """The words for a discriminator that is certain over all of the last lines; plain scores can't show that."""
    recent = _scored(scalars[-LOOKED_AT:])
    if not probabilities or len(recent) < LOOKED_AT:
        return ""
    state = _of_probabilities(recent)
    return state.words if state.kind in _WARNED_OF else ""


def samples_alike(evaluation: Evaluation) -> str:
    """Collapse: images that hardly differ from each other."""
    spread = evaluation.others.get("spread")
    if spread is None or spread >= _ALIKE:
        return ""
    return f"samples are alike: they differ {spread:.0%} as much as real images do; the generator collapses"


def copies(evaluation: Evaluation) -> str:
    """Memorised training images."""
    share, expected = (evaluation.others.get(name) for name in ("copies", "copies expected"))
    if share is None or expected is None or share <= expected + _COPIES:
        return ""
    return (
        f"{share:.0%} of the samples are near copies of training images ({expected:.0%} would be by chance): give more"
        " images, or augment=ada"
    )


def score_rises(evaluations: Sequence[Evaluation]) -> str:
    """The newest score is clearly worse than the best."""
    best, last = min(evaluations, key=lambda e: e.score.value), evaluations[-1]
    if last.score.low <= best.score.high:
        return ""
    scale = last.protocol.scale
    return (
        f"the {last.protocol.name} gets worse: {scale * last.score.value:.1f} now, {scale * best.score.value:.1f} at"
        f" step {best.step};"
        " BEST keeps that one"
    )


def flat(evaluations: Sequence[Evaluation], patience: int) -> bool:
    """Whether the last `patience` scores brought nothing better than those before them."""
    if len(evaluations) <= patience:
        return False
    values = [evaluation.score.value for evaluation in evaluations]
    return min(values[-patience:]) >= min(values[:-patience])


def _scored(lines: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
    return [line for line in lines if "D(real)" in line and "D(fake)" in line]


def _of_probabilities(lines: Sequence[Mapping[str, float]]) -> TrainingState:
    real, fake = (fmean(line[name] for line in lines) for name in ("D(real)", "D(fake)"))
    numbers = f"D(real) {real:.2f}, D(fake) {fake:.2f} over the last {len(lines)} logged steps"
    if real >= _CERTAIN and fake <= 1 - _CERTAIN:
        # The generator can still gain minus this loss, which is next to nothing where the loss saturates.
        losses = [line["generator.fake"] for line in lines if "generator.fake" in line]
        if losses and -_SLOPE_LEFT < fmean(losses) <= 0:
            return TrainingState(
                kind="saturated",
                words=f"the discriminator wins: {numbers}, where this loss has no slope left and the generator stands"
                " still; try loss=non-saturating",
            )
        return TrainingState(
            kind="discriminator wins",
            words=f"the discriminator wins: {numbers}, so the generator learns little; try augment=diffaug, a smaller"
            " lr_discriminator or loss=wgan-gp",
        )
    if real - fake < _EVEN:
        return TrainingState(
            kind="no difference",
            words="the discriminator tells generated from real images no better than a coin: they are good, or it has"
            f" learnt nothing yet; {numbers}",
        )
    return TrainingState(kind="balanced", words=f"the two networks are balanced: {numbers}")


def _of_scores(lines: Sequence[Mapping[str, float]]) -> TrainingState:
    gaps = [line["D(real)"] - line["D(fake)"] for line in lines]
    half = len(gaps) // 2
    before, now = fmean(gaps[:half]), fmean(gaps[half:])
    error = math.sqrt(pvariance(gaps[:half]) / half + pvariance(gaps[half:]) / (len(gaps) - half))
    numbers = f"real images score {now:.3g} above generated ones, {before:.3g} a little earlier"
    if fmean(gaps) < _CLEAR * math.sqrt(pvariance(gaps) / len(gaps)):
        return TrainingState(
            kind="no difference", words=f"the critic can't tell generated from real images at present: {numbers}"
        )
    if abs(now - before) > _CLEAR * error:
        if now > max(_FAR_MORE * before, _LARGE):
            return TrainingState(
                kind="runs away", words=f"the critic's scores run away: {numbers}; a smaller lr may hold them"
            )
        if now > _MORE * before:
            return TrainingState(kind="critic ahead", words=f"the critic pulls ahead: {numbers}")
        if now * _MORE < before:
            return TrainingState(kind="generator ahead", words=f"the generator catches up: {numbers}")
    return TrainingState(kind="balanced", words=f"the two networks are balanced: {numbers}")
