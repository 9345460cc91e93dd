"""Parts that are checked within a host: right ones pass, and each planted bug gives one row, that of its cause."""

import pytest

from ganzoo.catalog.lookup import Catalog
from ganzoo.testing.conform import check_name
from tests.testing.planted import CLEAN_HOSTED, HOSTED, Planted


@pytest.mark.parametrize("clean", CLEAN_HOSTED, ids=lambda part: part.name)
def test_a_right_part_passes_every_check(clean: Planted, catalog: Catalog) -> None:
    report = check_name(clean.spec(), catalog)
    assert report.ok, report.failures
    assert "processes-agree" in {one.check for one in report.results if one.status == "passed"}


@pytest.mark.parametrize("planted", HOSTED, ids=lambda part: part.name)
def test_a_bug_gives_one_row_that_names_its_cause(planted: Planted, catalog: Catalog) -> None:
    report = check_name(planted.spec(), catalog)
    assert [one.check for one in report.failures] == [planted.caught_by], report.failures
