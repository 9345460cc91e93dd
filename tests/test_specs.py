"""Declarations: what can't be right is refused when it is declared, with a message that says what to write."""

import dataclasses
import sys

import pytest

from ganzoo import ModelOptions, ModelSpec, Options, PartSpec
from ganzoo.specs import load_target


def model(**fields: object) -> ModelSpec:
    given = {"name": "a-gan", "target": "package.module:Class", "options": ModelOptions, "summary": "a model"}
    return ModelSpec(**given | fields)


def part(**fields: object) -> PartSpec:
    given = {"kind": "loss", "name": "a-loss", "target": "package.module:Class", "options": Options, "summary": "s"}
    return PartSpec(**given | fields)


@pytest.mark.parametrize("declare", [model, part])
@pytest.mark.parametrize("name", ["x", "wgan-gp", "stylegan2", "a1-2b"])
def test_a_good_name_is_kept(declare, name):
    assert declare(name=name).name == name


@pytest.mark.parametrize("declare", [model, part])
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        *(("name", name, "lower-case words joined by '-'") for name in ["", "WGAN", "a_b", "-a", "a-", "2d", "a/b"]),
        *(("target", target, "package.module:Name") for target in ["", "module", "a:b:c", "a-b:C", "module:", ":C"]),
        *(("options", options, "pydantic model class") for options in [dict, None, Options()]),
        *(("summary", summary, "write one line") for summary in ["", "  ", "two\nlines"]),
    ],
)
def test_a_wrong_field_is_refused(declare, field, value, message):
    with pytest.raises(ValueError, match=message):
        declare(**{field: value})


@pytest.mark.parametrize(
    ("declare", "field", "allowed"),
    [(model, "task", "generate, translate"), (part, "kind", "loss, regulariser, augmentation")],
)
def test_an_unknown_task_or_kind_is_refused_with_those_allowed(declare, field, allowed):
    with pytest.raises(ValueError, match=allowed):
        declare(**{field: "nonsense"})


@pytest.mark.parametrize("declare", [model, part])
def test_a_declaration_is_frozen_and_for_the_current_api(declare):
    spec = declare()
    assert spec.api == 1  # whatever API grows to
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"


def test_tiny_is_a_copy_that_nobody_can_change():
    tiny = {"batch": 4}
    spec = model(tiny=tiny)
    tiny["batch"] = 5
    assert spec.tiny["batch"] == 4
    with pytest.raises(TypeError):
        spec.tiny["batch"] = 6


def test_fields_are_given_by_name():
    with pytest.raises(TypeError):
        ModelSpec("a-gan", "package.module:Class", ModelOptions, "a model")


def test_declaring_does_not_import_the_target():
    model(target="antigravity:geohash")
    assert "antigravity" not in sys.modules


def test_a_target_is_imported_by_its_name():
    assert load_target("ganzoo.specs:ModelSpec") is ModelSpec


@pytest.mark.parametrize(
    ("target", "error"), [("a_missing_module:X", ImportError), ("ganzoo.specs:Missing", AttributeError)]
)
def test_a_target_that_is_not_there_raises(target, error):
    with pytest.raises(error):
        load_target(target)
