"""What the scores of a report mean, in plain sentences."""

from collections.abc import Sequence

from ganzoo.report_html.words import between, score
from ganzoo.runs.evaluation import Evaluation

MEANINGS = {
    "frechet": "another distance between the two sets, from their means and covariances; lower is better",
    "precision": "share of the samples that look like real images",
    "recall": "share of the real images that the samples could be mistaken for: variety",
    "density": "how thickly samples lie around real images; about 1 for real ones",
    "coverage": "share of the real images that have a sample close by",
    "copies": "share of the samples that are near copies of training images",
    "copies expected": "the same share for images that can't be copies",
    "spread": "how much samples differ from each other, real images being 1",
    "content": "how alike the features of a photo and of its painting are, 1 is the same; higher keeps more",
    "contours": "how alike the contours of a photo and of its painting are, 1 is the same; higher keeps more",
    "psnr": "decibels between the painted photo and the true painting of that scene; higher is nearer",
    "truth": "likeness of features with the true painting of that scene, 1 is the same; higher is nearer",
    "spread nearest": "how far each is from the one most like it, real images being 1",
}


def explanations(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Each term of a score with one sentence."""
    protocol = evaluation.protocol
    if protocol.sources:
        return _of_translator(evaluation)
    return [
        (
            "score",
            f"{protocol.metric} compares the features of {protocol.n_fake} samples with those of {protocol.n_real} real"
            " images that were kept from training: lower is better, 0 means that the two can't be told apart. It is"
            " shown times 1000.",
        ),
        (
            "interval",
            "Where the score lies in 95 of 100 cases when other images are drawn; two scores whose intervals overlap"
            " may be equal.",
        ),
        (
            "floor",
            f"What other real images score, {score(evaluation.floor.value)} ({between(evaluation.floor)}): no model has"
            " a reason to be below it.",
        ),
        (
            "ceiling",
            f"What pure noise scores, {score(evaluation.ceiling)}: a model near it has learnt next to nothing.",
        ),
    ]


def _of_translator(evaluation: Evaluation) -> list[tuple[str, str]]:
    protocol = evaluation.protocol
    return [
        (
            "score",
            f"{protocol.metric} compares the features of {protocol.n_fake} painted photos, which the training never"
            f" saw, with those of {protocol.n_real} paintings: how near the style has come. Lower is better; it is"
            " shown times 1000. It says nothing about what is left of the photos: content and contours do.",
        ),
        ("interval", "Where the score lies in 95 of 100 cases when other images are drawn."),
        (
            "floor",
            f"What one half of the paintings scores against the other, {score(evaluation.floor.value)}"
            f" ({between(evaluation.floor)}): no model has a reason to be below it.",
        ),
        (
            "ceiling",
            f"What the photos score when they are left as they are, {score(evaluation.ceiling)}: a translator above it"
            " has not come nearer to the style at all.",
        ),
    ]


def best_and_last(evaluations: Sequence[Evaluation]) -> str:
    """Whether the end of the training is its best moment."""
    best, last = min(evaluations, key=lambda e: e.score.value), evaluations[-1]
    if len(evaluations) == 1:
        return f"There is one score so far, {score(best.score.value)} at step {best.step}."
    if best is last:
        return f"The last score, {score(last.score.value)} at step {last.step}, is the best: longer training may help."
    apart = "may be chance, as the intervals overlap" if best.score.overlaps(last.score) else "is no chance"
    return (
        f"The best score is {score(best.score.value)} at step {best.step}; the last, {score(last.score.value)} at step"
        f" {last.step}, is worse, which {apart}. The checkpoint BEST is that of step {best.step}."
    )


def meaning(name: str) -> str:
    """What one of the other values says; empty for one that is not known here."""
    return MEANINGS.get(name, MEANINGS["frechet"] if name.startswith("frechet-") else "")
