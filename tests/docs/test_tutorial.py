"""docs/tutorial.md, done by the letter: files are written, commands run, and what they print is what is shown."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.testing.conform import check_name
from tests.docs.following import STEP, Run, follow

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


@pytest.mark.slow
@pytest.mark.timeout(900)  # nine commands that each start torch, one after the other
def test_the_tutorial_works_by_the_letter(tmp_path: Path, shell: Run) -> None:
    folder = tmp_path / "ralsgan"
    folder.mkdir()
    done = follow(TUTORIAL, folder, shell)
    assert len(set(done.files)) == 4 and done.commands >= 9
    assert sorted((folder / "runs" / "second" / "samples").glob("*.png"))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which `ganzoo_ralsgan` is imported."""
    monkeypatch.syspath_prepend(tmp_path / "src")
    yield tmp_path / "src"
    for name in [name for name in sys.modules if name.partition(".")[0] == "ganzoo_ralsgan"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("right", "wrong", "caught_by"),
    [
        (", nn.Tanh()]", "]", "output-range"),
        ("return self._apart(fake, real)", "return self._apart(real, fake)", "score-signs"),
        ("self.margin).square().mean()", "self.margin).square().sum()", "losses-are-means"),
    ],
)
def test_what_it_says_that_the_check_names_is_named(
    right: str, wrong: str, caught_by: str, source: Path, catalog: Catalog
) -> None:
    for step in STEP.finditer(TUTORIAL.read_text(encoding="utf-8")):
        if step["file"] and "src" in step["file"]:
            path = source.parent / step["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step["text"].replace(right, wrong), encoding="utf-8")
    module = importlib.import_module("ganzoo_ralsgan")
    declared = {"models": tuple(module.ganzoo_models()), "parts": tuple(module.ganzoo_parts())}
    own = Plugin(name="ralsgan", distribution="x", version="1", module=module, **declared)
    report = check_name("ralsgan", Catalog([*catalog.plugins, own], catalog.registry), only=["builds", caught_by])
    assert {result.check for result in report.failures} == {caught_by}
