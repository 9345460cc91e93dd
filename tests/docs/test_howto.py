"""Every how-to page, done by the letter."""

from pathlib import Path

import pytest

from tests.docs.following import follow

PAGES = sorted((Path(__file__).parents[2] / "docs" / "howto").glob("*.md"))


def test_there_is_a_page_for_each_thing_one_may_want_to_add() -> None:
    assert {page.stem for page in PAGES} == {
        *("own-loss", "own-data", "own-augmentation", "own-metric", "presets", "translators", "distributed", "tracker"),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_works_by_the_letter(page: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    assert follow(page, tmp_path, environment).commands >= 1
