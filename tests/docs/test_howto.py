"""Every how-to page, done by the letter. No shell is needed for that: the tutorial is done by one."""

from pathlib import Path

import pytest

from tests.docs.following import Run, follow

PAGES = sorted((Path(__file__).parents[2] / "docs" / "howto").glob("*.md"))
SLOW = {"own-loss", "own-augmentation", "own-data", "translators"}


def test_there_is_a_page_for_each_thing_one_may_want_to_add() -> None:
    assert {page.stem for page in PAGES} == {
        *("own-loss", "own-data", "own-augmentation", "own-metric", "presets", "translators", "distributed", "tracker"),
    }


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in SLOW else []) for page in PAGES],
)
def test_a_page_works_by_the_letter(page: Path, tmp_path: Path, in_process: Run) -> None:
    assert follow(page, tmp_path, in_process).commands >= 1
