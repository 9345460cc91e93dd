"""Each kind of part has checks of its own: right ones pass, and each planted bug is caught by its check."""

import pytest

from ganzoo import Options, PartSpec
from ganzoo.catalog.lookup import Catalog
from ganzoo.testing.checks import PARTS
from ganzoo.testing.conform import check_name
from tests.testing.part_options import BrightOptions, CountOptions

CLEAN = {"augmentation": "Flip", "dataset": "Squares", "metric": "Distance", "encoder": "Mean"}
MUTANTS = {
    "augmentation": {
        "WrongSize": "augmentation-shape",
        "NoLargerThanShape": "augmentation-shape",
        "OwnRandomness": "augmentation-repeatable",
        "InPlace": "augmentation-repeatable",
        "FlipsTheDark": "augmentation-pairs",
        "FlipsEveryOther": "augmentation-pairs",
        "StopsGradients": "augmentation-differentiable",
        "OneGradientOnly": "augmentation-differentiable",
        "ZeroToOne": "augmentation-range",
        "RootAtTheEdge": "augmentation-gradients-finite",
        "NormOfGrey": "augmentation-gradients-finite",
    },
    "dataset": {
        "SquaresOnly": "pictures-well-formed",
        "FloatPictures": "pictures-well-formed",
        "UnknownLabel": "pictures-well-formed",
        "OtherEachTime": "pictures-repeatable",
        "DependsOnTheOrder": "pictures-repeatable",
        "OtherName": "source-interface",
        "NoSource": "source-interface",
        "DeadCount": "dataset-options-read",
        "ValuesOfASet": "pictures-in-a-second-process",
        "NameWithoutBrightness": "fingerprint-tells-pictures",
    },
    "metric": {
        "NotANumber": "metric-values",
        "NoMeaning": "metric-values",
        "RandomRows": "metric-repeatable",
        "FirstImageOnly": "metric-order-free",
        "AlwaysTheSame": "metric-sees-a-difference",
        "CrashesOnFew": "metric-few-images",
        "NothingOfOne": "metric-few-images",
    },
    "encoder": {
        "WrongDimension": "encoder-features",
        "TrainsAlong": "encoder-frozen",
        "LooksAtTheBatch": "encoder-independent",
        "OtherFingerprint": "encoder-fingerprint",
    },
}


def spec(kind: str, name: str, options: type[Options] | None = None) -> PartSpec:
    own = {"NameWithoutBrightness": BrightOptions}.get(name, CountOptions if kind == "dataset" else Options)
    fitting = options or own
    target = f"tests.testing.part_mutants:{name}"
    return PartSpec(kind=kind, name="planted", target=target, options=fitting, summary="a part to be checked")


@pytest.mark.parametrize(("kind", "name"), CLEAN.items())
def test_a_clean_part_passes_every_check(kind: str, name: str, catalog: Catalog) -> None:
    report = check_name(spec(kind, name), catalog)
    assert report.ok, report.failures
    assert {check.name for check in PARTS[kind]} <= {one.check for one in report.results if one.status == "passed"}


@pytest.mark.parametrize(
    ("kind", "name", "caught_by"),
    [(kind, name, check) for kind, mutants in MUTANTS.items() for name, check in mutants.items()],
)
def test_a_bug_is_caught_by_its_check(kind: str, name: str, caught_by: str, catalog: Catalog) -> None:
    report = check_name(spec(kind, name), catalog, only=[caught_by])
    assert caught_by in [one.check for one in report.failures], report.results


def test_an_option_that_a_metric_does_not_read_is_caught(catalog: Catalog) -> None:
    report = check_name(spec("metric", "Distance", CountOptions), catalog, only=["metric-options-read"])
    assert "never read" in report.failures[0].message


def test_every_check_of_a_part_catches_a_bug() -> None:
    caught = {check for mutants in MUTANTS.values() for check in mutants.values()} | {"metric-options-read"}
    assert {check.name for checks in PARTS.values() for check in checks} == caught


def test_a_part_that_must_be_told_something_or_needs_a_download_is_left_alone(catalog: Catalog) -> None:
    shards = check_name("shards", catalog, only=["source-interface"])
    assert [one.message for one in shards.results] == ['"path" must be given']
    timm = check_name("timm", catalog, only=["encoder-features"])
    assert timm.results[0].status == "not applicable" and "no weights for timm's" in timm.results[0].message
