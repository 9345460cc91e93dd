"""The files of a family of models are always called the same, so that a reader finds what he looks for."""

import ast
from pathlib import Path

import ganzoo_plugins
import pytest

from ganzoo.config.resolve import open_catalog

ROOT = Path(ganzoo_plugins.__file__).parent
MOST_LINES = 300
"""Of a file of networks: longer ones hold more than one family."""
CATALOG = open_catalog(third_party=False)
TARGETS = sorted(
    {(one.spec.kind, one.spec.target) for one in CATALOG.parts} | {("model", one.spec.target) for one in CATALOG.models}
)
HOMES = {"generator": "networks", "discriminator": "networks", "loss": "model", "model": "model"}
"""Where a family keeps its networks, and where its losses and recipes."""


@pytest.mark.parametrize(
    ("kind", "target"), [one for one in TARGETS if one[0] in HOMES and one[1].startswith("ganzoo_plugins.")]
)
def test_networks_are_in_networks_and_losses_and_recipes_in_model(kind, target):
    family, _, file = target.partition(":")[0].removeprefix("ganzoo_plugins.").partition(".")
    assert file == HOMES[kind], f"{target}: keep it in {family}/{HOMES[kind]}.py"


@pytest.mark.parametrize("file", sorted(ROOT.glob("*/networks.py")), ids=lambda file: file.parent.name)
def test_a_file_of_networks_can_be_read_in_one_go(file):
    assert len(file.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", sorted(ROOT.glob("*/__init__.py")), ids=lambda file: file.parent.name)
def test_the_package_itself_only_declares(file):
    """Options and hooks; what computes is in a module that is imported when it is used."""
    classes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)]
    assert all(one.name.endswith("Options") for one in classes)
