"""What the scores in a report mean, in plain sentences."""

from collections.abc import Sequence

from ganzoo.report_html.formatting import between, score
from ganzoo.runs.evaluation import Evaluation

MEANINGS = {
    "frechet": "another distance between the two sets, from their means and covariances; lower is better",
    "precision": "share of the samples that look like real images",
    "recall": "share of the real images that look like samples: a measure of variety",
    "density": "how densely samples lie around real images; about 1 for other real images",
    "coverage": "share of the real images that have a sample close by",
    "copies": "share of the samples that are near copies of training images",
    "copies expected": "the same share for images that can't be copies",
    "spread": "how much samples differ from each other; real images have 1",
    "content": "similarity of features between a photo and its painting; 1 is identical, higher keeps more",
    "contours": "similarity of contours between a photo and its painting; 1 is identical, higher keeps more",
    "psnr": "decibels between the painted photo and the true painting of that scene; higher is closer",
    "truth": "similarity of features with the true painting of that scene; 1 is identical, higher is closer",
    "spread nearest": "how much each sample differs from the one most similar to it; real images have 1",
}


def explanations(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The terms "score", "interval", "floor" and "ceiling", each with its explanation."""
    if evaluation.protocol.painted:
        sentences = _of_painted(evaluation)
    else:
        sentences = _of_translator(evaluation) if evaluation.protocol.sources else _of_generator(evaluation)
    return list(sentences.items())


def _of_generator(evaluation: Evaluation) -> dict[str, str]:
    protocol = evaluation.protocol
    return {
        "score": f"{protocol.metric} compares the features of {protocol.n_fake} samples with those of {protocol.n_real}"
        " real images that were held out from training. Lower is better. At 0 the two sets are indistinguishable."
        " Scores are shown times 1000.",
        "interval": "With other images the score would lie in this range in 95 of 100 cases. Two scores whose intervals"
        " overlap may be equal.",
        "floor": f"Other real images score {_floor(evaluation)}. No model can be expected to score lower.",
        "ceiling": f"Pure noise scores {score(evaluation.ceiling)}. A model near it has learned almost nothing.",
    }


def _of_translator(evaluation: Evaluation) -> dict[str, str]:
    protocol = evaluation.protocol
    return {
        "score": f"{protocol.metric} compares the features of {protocol.n_fake} painted photos, which were held out"
        f" from training, with those of {protocol.n_real} paintings. It measures how close the style is. Lower is"
        " better. Scores are shown times 1000. The score does not measure how much of each photo is left; content and"
        " contours do.",
        "interval": "With other images the score would lie in this range in 95 of 100 cases.",
        "floor": f"One half of the paintings scores {_floor(evaluation)} against the other half. No model can be"
        " expected to score lower.",
        "ceiling": f"The unchanged photos score {score(evaluation.ceiling)}. A translator above this value has not come"
        " closer to the style at all.",
    }


def _of_painted(evaluation: Evaluation) -> dict[str, str]:
    protocol = evaluation.protocol
    return {
        "left": f"The per cent of the photos' distance from the paintings that is left once they are painted: 0 are the"
        f" paintings, 100 the photos as they are. {protocol.n_fake} held-out photos, painted at"
        f" {protocol.painted_at} px, are compared with {protocol.n_real} paintings through {protocol.encoder_name},"
        f" whole at {protocol.size} px and in crops; it is the mean of both. It does not measure how much of each photo"
        " is left; content and contours do.",
        "interval": "With other photos and paintings the score would lie in this range in 95 of 100 cases.",
        "floor": "Other paintings, as many as photos, have"
        f" {score(evaluation.floor.value, 1)} left, from {between(evaluation.floor, 1)} by chance.",
    }


def _floor(evaluation: Evaluation) -> str:
    return f"{score(evaluation.floor.value)} ({between(evaluation.floor)})"


def best_and_last(evaluations: Sequence[Evaluation]) -> str:
    """Whether the last of the scores, given oldest first, is the best one, and what follows from that."""
    best, last = min(evaluations, key=lambda e: e.score.value), evaluations[-1]
    if len(evaluations) == 1:
        return f"There is one score so far: {score(best.score.value)} at step {best.step}."
    if best is last:
        return f"The last score, {score(last.score.value)} at step {last.step}, is the best. Longer training may help."
    difference = (
        "The difference may be chance, since the intervals overlap."
        if best.score.overlaps(last.score)
        else "The difference is unlikely to be chance: the intervals do not overlap."
    )
    return (
        f"The best score is {score(best.score.value)} at step {best.step}. The last score, {score(last.score.value)} at"
        f" step {last.step}, is worse. {difference} The checkpoint BEST is that of step {best.step}."
    )


def meaning(name: str) -> str:
    """What one of the other values measures; empty when the value is not known here."""
    return MEANINGS.get(name, MEANINGS["frechet"] if name.startswith("frechet") else "")
