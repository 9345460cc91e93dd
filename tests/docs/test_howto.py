"""Every how-to page, done by the letter. No shell is needed for that: the tutorial is done by one."""

import re
from pathlib import Path

import pytest

from ganzoo.scaffold import KINDS
from tests.docs.following import Run, follow

PAGES = sorted((Path(__file__).parents[2] / "docs" / "howto").glob("*.md"))
SLOW = {path.stem for path in PAGES} - {"own-metric", "presets", "distributed", "tracker", "own-regulariser"}
PAGE_OF = {"model": "translators", "dataset": "own-data", "listener": "tracker"}
"""Where the page of a kind is not called own-KIND."""


def test_there_is_a_page_for_each_thing_one_may_want_to_add() -> None:
    wanted = {PAGE_OF.get(kind, f"own-{kind}") for kind in KINDS}
    assert {page.stem for page in PAGES} == wanted | {"presets", "distributed", "tracker", "labels"}


def test_plugins_md_tells_of_each_kind_and_leads_to_its_page() -> None:
    table = (PAGES[0].parents[1] / "plugins.md").read_text(encoding="utf-8").partition("## Hooks")[0]
    for kind in KINDS:
        page = PAGE_OF.get(kind, f"own-{kind}")
        assert re.search(rf"^\| `{kind}` \|.*\(howto/{page}\.md\) \|$", table, re.MULTILINE), kind


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in SLOW else []) for page in PAGES],
)
def test_a_page_works_by_the_letter(page: Path, tmp_path: Path, in_process: Run) -> None:
    assert follow(page, tmp_path, in_process).commands >= 1
