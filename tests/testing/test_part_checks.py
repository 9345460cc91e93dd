"""Each kind of part has checks of its own: right ones pass, and each planted bug is caught by its check."""

import pytest

from ganzoo.catalog.lookup import Catalog
from ganzoo.testing.checks import PARTS
from ganzoo.testing.conform import check_name
from tests.testing.part_options import CountOptions
from tests.testing.planted import ALONE, CLEAN_ALONE, Planted

DISTANCE = Planted("part_mutants", "metric", "Distance")


@pytest.mark.parametrize("clean", CLEAN_ALONE, ids=lambda part: part.name)
def test_a_clean_part_passes_every_check(clean: Planted, catalog: Catalog) -> None:
    report = check_name(clean.spec(), catalog)
    assert report.ok, report.failures
    assert {check.name for check in PARTS[clean.kind]} <= {
        one.check for one in report.results if one.status == "passed"
    }


@pytest.mark.parametrize("planted", ALONE, ids=lambda part: part.name)
def test_a_bug_is_caught_by_its_check(planted: Planted, catalog: Catalog) -> None:
    report = check_name(planted.spec(), catalog, only=[planted.caught_by])
    assert planted.caught_by in [one.check for one in report.failures], report.results


def test_an_option_that_a_metric_does_not_read_is_caught(catalog: Catalog) -> None:
    report = check_name(DISTANCE.spec(CountOptions), catalog, only=["metric-options-read"])
    assert "never read" in report.failures[0].message


def test_an_option_that_a_listener_does_not_read_is_caught(catalog: Catalog) -> None:
    diary = Planted("part_mutants", "listener", "Diary")
    report = check_name(diary.spec(CountOptions), catalog, only=["listener-hears", "listener-options-read"])
    assert [one.check for one in report.failures] == ["listener-options-read"]


def test_every_check_of_a_part_catches_a_bug() -> None:
    caught = {planted.caught_by for planted in ALONE} | {"metric-options-read", "listener-options-read"}
    assert {check.name for checks in PARTS.values() for check in checks} == caught


def test_a_part_that_must_be_told_something_or_needs_a_download_is_left_alone(catalog: Catalog) -> None:
    shards = check_name("shards", catalog, only=["source-interface"])
    assert [one.message for one in shards.results] == ['"path" must be given']
    timm = check_name("timm", catalog, only=["encoder-features"])
    assert timm.results[0].status == "not applicable" and "no weights for timm's" in timm.results[0].message
