"""What goes wrong in a training, in plain words with the numbers that say so."""

from collections.abc import Mapping, Sequence

from ganzoo.runs.evaluation import Evaluation

_LOGGED = 20
"""Logged lines that a judgement of the discriminator looks back on."""
_CERTAIN = 0.95
_ALIKE = 0.6
_COPIES = 0.05
"""Share of near copies above what is expected of new images."""


def warnings(evaluations: Sequence[Evaluation], scalars: Sequence[Mapping[str, float]]) -> list[str]:
    """Sentences about the newest of `evaluations` (oldest first) and the logged `scalars`; none when all is well."""
    found = [discriminator_wins(scalars)]
    if evaluations:
        found += [samples_alike(evaluations[-1]), copies(evaluations[-1]), score_rises(evaluations)]
    return [sentence for sentence in found if sentence]


def discriminator_wins(scalars: Sequence[Mapping[str, float]]) -> str:
    """Told only where scores are probabilities, as D(real) and D(fake) then lie in [0, 1]."""
    recent = [line for line in scalars[-_LOGGED:] if "D(real)" in line and "D(fake)" in line]
    if len(recent) < _LOGGED or any(not 0 <= line[key] <= 1 for line in recent for key in ("D(real)", "D(fake)")):
        return ""
    real, fake = (sum(line[key] for line in recent) / len(recent) for key in ("D(real)", "D(fake)"))
    if real < _CERTAIN or fake > 1 - _CERTAIN:
        return ""
    return (
        f"the discriminator wins: D(real) {real:.2f}, D(fake) {fake:.2f} over the last {len(recent)} logged steps, so"
        " the generator learns little; try augment=diffaug, a smaller lr_discriminator or loss=wgan-gp"
    )


def samples_alike(evaluation: Evaluation) -> str:
    """Collapse: images that hardly differ from each other."""
    spread = evaluation.others.get("spread")
    if spread is None or spread >= _ALIKE:
        return ""
    return f"samples are alike: they differ {spread:.0%} as much as real images do; the generator collapses"


def copies(evaluation: Evaluation) -> str:
    """Training images learnt by heart."""
    share, expected = (evaluation.others.get(name) for name in ("copies", "copies expected"))
    if share is None or expected is None or share <= expected + _COPIES:
        return ""
    return (
        f"{share:.0%} of the samples are near copies of training images ({expected:.0%} would be by chance): give more"
        " images, or augment=ada"
    )


def score_rises(evaluations: Sequence[Evaluation]) -> str:
    """The best is behind."""
    best, last = min(evaluations, key=lambda e: e.score.value), evaluations[-1]
    if last.score.low <= best.score.high:
        return ""
    return (
        f"the score gets worse: {1000 * last.score.value:.1f} now, {1000 * best.score.value:.1f} at step {best.step};"
        " BEST keeps that one"
    )


def flat(evaluations: Sequence[Evaluation], patience: int) -> bool:
    """Whether the last `patience` scores brought nothing better than what was before them."""
    if len(evaluations) <= patience:
        return False
    values = [evaluation.score.value for evaluation in evaluations]
    return min(values[-patience:]) >= min(values[:-patience])
