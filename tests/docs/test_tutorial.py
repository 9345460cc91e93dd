"""docs/tutorial.md, done by the letter: files are written, commands run, and what they print is what is shown."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.following import STEP, follow

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


@pytest.mark.timeout(900)  # nine commands that each start torch, one after the other
def test_the_tutorial_works_by_the_letter(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "ralsgan"
    folder.mkdir()
    done = follow(TUTORIAL, folder, environment)
    assert len(set(done.files)) == 4 and done.commands >= 9
    assert sorted((folder / "runs" / "second" / "samples").glob("*.png"))


@pytest.mark.parametrize(
    ("right", "wrong", "caught_by"),
    [
        (", nn.Tanh()]", "]", "output-range"),
        ("return self._apart(fake, real)", "return self._apart(real, fake)", "pulls-towards-data"),
        ("self.margin).square().mean()", "self.margin).square().sum()", "losses-are-means"),
    ],
)
def test_what_it_says_that_the_check_names_is_named(
    right: str, wrong: str, caught_by: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "src" / "ganzoo_ralsgan"
    for step in STEP.finditer(TUTORIAL.read_text(encoding="utf-8")):
        if step["file"] and "src" in step["file"]:
            folder.mkdir(parents=True, exist_ok=True)
            text = step["text"].replace(right, wrong)
            (tmp_path / step["file"]).write_text(text, encoding="utf-8")
    code = (
        "import ganzoo_ralsgan as plugin\nfrom ganzoo.catalog.discovery import discover, Plugin\n"
        "from ganzoo.catalog.lookup import Catalog\n"
        "from ganzoo.catalog.registry import Registry\nfrom ganzoo.testing.conform import check_name\n"
        "own = Plugin(name='ralsgan', distribution='x', version='1', module=plugin,"
        " models=tuple(plugin.ganzoo_models()), parts=tuple(plugin.ganzoo_parts()))\n"
        "catalog = Catalog([*discover(third_party=False), own], Registry())\n"
        "print(*{result.check for result in check_name('ralsgan', catalog, expected={}).failures})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert caught_by in run.stdout.split(), run.stdout + run.stderr
