"""Declarations: what can't be right is refused when it is declared, with a message that says what to write."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, create_model
from pydantic_core import SchemaValidator

from ganzoo import AdversarialOptions, Format, ModelOptions, ModelSpec, Options, PartChoice, PartSpec
from ganzoo.config.units import AmountField
from ganzoo.options import describe_type
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


def adversarial(**defaults: object) -> ModelSpec:
    return model(
        options=AdversarialOptions, defaults={key.replace("__", "."): value for key, value in defaults.items()}
    )


def test_defaults_are_those_of_the_options_and_nothing_else_changes():
    spec = adversarial(lr=5e-5, loss="least-squares", discriminator__norm="layer", regularise="r1", beta1=0)
    options = spec.options()
    assert (options.lr, options.regularise, options.beta1) == (5e-5, "r1", 0.0) and type(options.beta1) is float
    assert (options.loss, options.discriminator) == (
        PartChoice(name="least-squares"),
        PartChoice(name="dcgan", options={"norm": "layer"}),
    )
    changed = {"lr", "loss", "discriminator", "regularise", "beta1"}
    base, own = AdversarialOptions.model_fields, spec.options.model_fields
    assert list(base) == list(own) and issubclass(spec.options, AdversarialOptions)
    assert {name for name in base if base[name].default != own[name].default} == changed
    for name in base:
        assert (base[name].description, base[name].metadata) == (own[name].description, own[name].metadata)
        assert base[name].json_schema_extra == own[name].json_schema_extra
    with pytest.raises(ValueError, match="less than or equal to 1"):
        spec.options(lr=3)
    assert AdversarialOptions().lr == 2e-4


def test_another_part_by_default_goes_without_the_options_of_the_one_before():
    first = adversarial(discriminator__norm="layer")
    assert model(options=first.options, defaults={"discriminator": "unet"}).options().discriminator.options == {}
    kept = model(options=first.options, defaults={"discriminator": "dcgan", "discriminator.width": 8})
    assert kept.options().discriminator.options == {"norm": "layer", "width": 8}


def test_options_with_other_defaults_can_be_added_to():
    class More(adversarial(lr=1e-3, generator="gan").options):  # type: ignore[misc]
        """A model of a model."""

        own: int = 3

    assert (More().lr, More().generator.name, More().own) == (1e-3, "gan", 3)


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        (
            {"lrr": 1e-4},
            r"defaults of model 'a-gan': no option 'lrr' in AdversarialOptions\. Did you mean 'lr'\? All: ",
        ),
        ({"size": 16}, "no option 'size'"),
        ({"lr.x": 1}, r"no option 'lr\.x'"),
        ({"lr": 3}, r"default 3\.0 of option 'lr': allowed is float > 0, <= 1"),
        ({"lr": "1e-4"}, "default '1e-4' of option 'lr'"),
        ({"lr": float("nan")}, "default nan of option 'lr'"),
        ({"batch": 1.5}, r"default 1\.5 of option 'batch': allowed is int >= 1, <= 65536"),
        ({"batch": True}, "default True"),
        ({"optimiser": "sgd"}, "default 'sgd' of option 'optimiser': allowed is adam | rmsprop"),
        ({"loss": 3}, "default 3 of 'loss': write the name of a part"),
        ({"regularise": ["r1"]}, "allowed is str"),
    ],
)
def test_a_default_that_can_not_be_right_is_refused_when_declared(defaults, message):
    with pytest.raises(ValueError, match=message):
        model(options=AdversarialOptions, defaults=defaults)


def test_defaults_of_unusual_types_are_checked_by_pydantic():
    class Odd(ModelOptions):
        """Options of types that few have."""

        sizes: tuple[int, ...] = (1,)
        code: str = Field("ab", pattern="^[a-z]+$")
        gamma: Literal["auto"] | float = "auto"

    assert model(options=Odd, defaults={"sizes": (2, 3), "code": "xy", "gamma": 2.0}).options().sizes == (2, 3)
    for wrong in ({"sizes": "x"}, {"code": "3"}, {"gamma": "none"}):
        with pytest.raises(ValueError, match="defaults of model 'a-gan'"):
            model(options=Odd, defaults=wrong)


def test_a_declaration_with_defaults_builds_no_validator():
    assert "__pydantic_validator__" not in vars(adversarial(lr=1e-3).options) or not isinstance(
        vars(adversarial(lr=1e-3).options)["__pydantic_validator__"], SchemaValidator
    )


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (float | None, "float | null"),
        (Literal["a", "b"], "a | b"),
        (AmountField | None, "amount | null"),
        (Literal["auto"] | Annotated[float, Field(ge=0, le=1e6)], "auto | float >= 0, <= 1e6"),
        (tuple[int, ...], "tuple[int, ...]"),
        (list[str], "list[str]"),
        (Path, "path"),
        (PartChoice, "part"),
    ],
)
def test_types_are_described_in_words(annotation, text):
    assert describe_type(create_model("M", x=(annotation, ...)).model_fields["x"]) == text


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


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "write one line"),
        ("target", "module", "package.module:function"),
        ("files", {}, "names of tensors"),
    ],
)
def test_a_format_that_can_not_be_right_is_refused(field, value, message):
    given = {"name": "theirs", "model": "cut", "files": {"generator": ("a.weight",)}, "target": "package.module:f"}
    assert part(kind="generator", formats=(Format(**given),)).formats[0].model == "cut"
    with pytest.raises(ValueError, match="only generators"):
        part(formats=(Format(**given),))
    with pytest.raises(ValueError, match=message):
        Format(**given | {field: value})


@pytest.mark.parametrize("weights", ["x", ("x",), [1], None])
def test_weights_of_a_model_are_declarations(weights: object) -> None:
    """What is none is an error of its plugin, which is one row of the list, and not of the whole catalogue."""
    with pytest.raises(ValueError, match=r"weights of model 'a-gan': give a tuple of ganzoo\.Weights"):
        ModelSpec(name="a-gan", target="a:B", options=ModelOptions, summary="x", weights=weights)  # type: ignore[arg-type]
