"""Every planted bug is caught by the check that names it, and what is right passes all checks."""

from pathlib import Path

import pytest

from ganzoo.catalog.lookup import Catalog
from ganzoo.testing import conformance
from ganzoo.testing.checks import DECLARATION, MODEL
from ganzoo.testing.conform import check_name, installed
from tests.built_in import CATALOG
from tests.mutants import Mutant
from tests.mutants.catalogue import CLEAN, MUTANTS
from tests.mutants.pretrained import put_in_cache
from tests.testing.planted import HOSTED


@pytest.fixture(scope="module", autouse=True)
def _weights(cache: Path) -> None:
    """Those that some recipes declare need no download."""
    put_in_cache()


@pytest.mark.parametrize("clean", CLEAN, ids=lambda mutant: mutant.name)
def test_a_clean_recipe_passes_every_check(clean: Mutant, catalog: Catalog) -> None:
    report = conformance(clean.spec(), catalog=catalog)
    assert {result.check for result in report.results} == {check.name for check in (*DECLARATION, *MODEL)}
    assert report.ran >= 34  # the others don't apply to this recipe


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_caught_by_its_check(mutant: Mutant, catalog: Catalog) -> None:
    report = check_name(mutant.spec(), catalog, only=[mutant.caught_by])
    assert mutant.caught_by in [result.check for result in report.failures]


def test_every_check_catches_a_mutant() -> None:
    """A check that nothing fails may well look at nothing."""
    of_models = {check.name for check in (*DECLARATION, *MODEL)}
    assert of_models - {mutant.caught_by for mutant in (*MUTANTS, *HOSTED)} == set()


QUICK = {"lsgan", "lptn", "scenes", "metrics"}
"""A model with its loss, a translator with its generator, a data set and metrics; the others take a minute or more."""
PLUGINS = [plugin.name for plugin in installed(CATALOG)]


@pytest.mark.parametrize(
    "plugin", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in PLUGINS]
)
def test_every_built_in_plugin_is_clean(plugin: str, catalog: Catalog) -> None:
    report = conformance(plugin, catalog=catalog)
    # A model may refuse rectangles. A built-in one must not: `--size 96x160` is for all of them.
    assert [
        result for result in report.results if result.check == "rectangles" and result.status == "not applicable"
    ] == []
