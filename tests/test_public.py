"""The public names: those of `ganzoo.__all__`, all documented, and light until they are used."""

import ast
import inspect
from pathlib import Path

import pytest

import ganzoo
from ganzoo import hooks
from tests import public_names

HOOKS = [name for name in vars(hooks) if name.startswith("ganzoo_")]
DESIGN = {
    "ganzoo_models": [],
    "ganzoo_parts": [],
    "ganzoo_run_started": ["run"],
    "ganzoo_step_finished": ["run", "step", "scalars"],
    "ganzoo_score_taken": ["run", "step", "scores"],
    "ganzoo_samples_drawn": ["run", "step", "file"],
    "ganzoo_run_finished": ["run", "summary"],
}


def typed_names() -> list[str]:
    """The names that type checkers see: those imported under TYPE_CHECKING."""
    tree = ast.parse(Path(ganzoo.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return sorted(alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names)


def test_all_is_what_can_be_imported_and_what_type_checkers_see():
    assert sorted(ganzoo.__all__) == dir(ganzoo) == sorted(ganzoo._HOMES) == typed_names()


@pytest.mark.parametrize("name", ganzoo.__all__)
def test_a_public_name_resolves_and_is_documented(name):
    value = getattr(ganzoo, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__name__ == name
        assert value.__module__ == f"ganzoo.{ganzoo._HOMES[name]}"
        assert (value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__ or "").strip()


@pytest.mark.parametrize("name", ["nothing", "errors_", "_private"])
def test_any_other_name_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=f"module 'ganzoo' has no attribute '{name}'"):
        getattr(ganzoo, name)


def test_importing_ganzoo_imports_nothing_else(python_command):
    heavy = {
        "ImageSource",
        "LoadedGAN",
        "LoadedGenerator",
        "LoadedTranslator",
        "Picture",
        "PictureStream",
        "decode",
        "load",
    }
    light = [name for name in ganzoo.__all__ if name not in heavy]
    code = f"import sys, ganzoo; print(*sys.modules); from ganzoo import {', '.join(light)}; print(*sys.modules)"
    bare, used = (set(line.split()) for line in python_command("-c", code).stdout.splitlines())
    assert not bare & {"pydantic", "pluggy", "yaml", "torch", "numpy"}
    assert "pydantic" in used
    assert not used & {"torch", "timm", "kornia", "numpy"}


def test_the_hooks_are_those_of_the_design():
    assert {name: list(inspect.signature(getattr(hooks, name)).parameters) for name in HOOKS} == DESIGN


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_documented(name):
    assert (getattr(hooks, name).__doc__ or "").strip()


def test_the_interface_of_plugins_is_the_recorded_one():
    """A change here may break plugins: see docs/api-stability.md, then `python -m tests.public_names`."""
    recorded = public_names.KEPT.read_text().splitlines()
    assert public_names.lines() == recorded


def test_a_renamed_public_name_still_works_and_says_what_it_is_now(monkeypatch):
    monkeypatch.setitem(ganzoo._RENAMED, "ImageSpec", ("ImageShape", "0.3"))
    with pytest.warns(DeprecationWarning, match=r"ganzoo\.ImageSpec is now ganzoo\.ImageShape; .* ganzoo-core 0\.3"):
        assert ganzoo.ImageSpec is ganzoo.ImageShape


def test_the_package_says_that_it_is_typed():
    assert Path(ganzoo.__file__).with_name("py.typed").is_file()
