"""Parts that are checked within a host: right ones pass, and each planted bug gives one row, that of its cause."""

import pytest

from ganzoo import Options, PartSpec
from ganzoo.catalog.lookup import Catalog
from ganzoo.testing.conform import check_name

CLEAN = {
    "loss": ("Hinge", "Pairs"),
    "regulariser": ("Drift",),
    "generator": ("Network",),
    "discriminator": ("Scores",),
}
MUTANTS = {
    "loss": {
        "FakeFlipped": "score-signs",
        "RealFlipped": "score-signs",
        "GeneratorFlipped": "score-signs",
        "PairsExchanged": "score-signs",
        "CriticPairsExchanged": "score-signs",
        "ClipsInThePenalty": "losses-named-scalars",
        "KeepsScores": "rounds-run",
        "ClampsScoresInPlace": "rounds-run",
        "PenaltyOfItsOwnNoise": "losses-are-means",
        "PenaltyOfNoLabel": "penalties-get-labels",
        "FirstPairOnly": "every-image-matters",
        "MeanOfMeans": "processes-agree",
    },
    "regulariser": {"DriftWithoutLabel": "penalties-get-labels"},
    "generator": {
        "SeededNetwork": "seed-decides",
        "NormedNetwork": "images-independent",
        "GlobalNoise": "randomness-from-batch",
    },
    "discriminator": {"ScoresOfStatistics": "losses-are-means"},
}


def spec(kind: str, name: str) -> PartSpec:
    target = f"tests.testing.hosted_mutants:{name}"
    task = "generate" if kind == "generator" else None
    return PartSpec(
        kind=kind, name="planted", target=target, options=Options, summary="a part to be checked", task=task
    )


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CLEAN.items() for name in names])
def test_a_right_part_passes_every_check(kind: str, name: str, catalog: Catalog) -> None:
    report = check_name(spec(kind, name), catalog)
    assert report.ok, report.failures
    assert "processes-agree" in {one.check for one in report.results if one.status == "passed"}


@pytest.mark.parametrize(
    ("kind", "name", "caught_by"),
    [(kind, name, check) for kind, mutants in MUTANTS.items() for name, check in mutants.items()],
)
def test_a_bug_gives_one_row_that_names_its_cause(kind: str, name: str, caught_by: str, catalog: Catalog) -> None:
    report = check_name(spec(kind, name), catalog)
    assert [one.check for one in report.failures] == [caught_by], report.failures
