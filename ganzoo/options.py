"""Options of models and parts: frozen pydantic models whose every field has a default, a meaning and bounds."""

import math
from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.fields import FieldInfo

from ganzoo.deprecated import refuse_old_options
from ganzoo.errors import nearest

PartKind = Literal[
    "generator",
    "discriminator",
    "loss",
    "regulariser",
    "augmentation",
    "encoder",
    "metric",
    "dataset",
    "term",
    "listener",
]

M = TypeVar("M", bound=BaseModel)
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class Options(BaseModel):
    """Base of all option classes: frozen; an unknown key is an error."""

    # Validators are built when first used, as listing plugins needs none and must be fast.
    # NaN would pass a bound that is written as a comparison, and no option means infinity.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True, allow_inf_nan=False)


class PartChoice(Options):
    """A part chosen by name, and the options of it that differ from the part's own defaults."""

    name: str
    """Name of the part."""
    options: dict[str, Any] = {}
    """Those of its options that differ."""


def part(kind: "PartKind", name: str, description: str, **options: object) -> Any:
    """Field of an options class for a part of `kind`; by default part `name` with `options`."""
    choice = PartChoice.model_construct(name=name, options=options)  # needs no check; a validator takes time
    return Field(choice, description=description, json_schema_extra={"kind": kind})


def part_kind(field: FieldInfo) -> "PartKind | None":
    """The kind of part that an options field holds, or None for a plain option."""
    extra = field.json_schema_extra
    return extra.get("kind") if isinstance(extra, Mapping) else None  # type: ignore[return-value]


def named_parts(kind: "PartKind", description: str, default: str = "") -> Any:
    """Field of an options class that names any number of parts of `kind`, separated by commas.

    Options of a named part are written with its name: `--set extra=temporal --set temporal.weight=30`.
    """
    return Field(default, description=description, json_schema_extra={"kinds": kind})


def named_parts_kind(field: FieldInfo) -> "PartKind | None":
    """The kind of parts in a `named_parts` field, such as `extra=temporal,tv`; None for any other field."""
    extra = field.json_schema_extra
    return extra.get("kinds") if isinstance(extra, Mapping) else None  # type: ignore[return-value]


def split_names(text: object) -> list[str]:
    """The names between the commas of such a field's value, each once."""
    return list(dict.fromkeys(name for part in str(text).split(",") if (name := part.strip())))


def with_defaults(options: type[M], defaults: Mapping[str, object]) -> type[M]:
    """A subclass of an options class in which the named options have other defaults.

    "lr" names an option, "loss" a part, and "loss.weight" an option of that part. Names and options of parts are
    checked when a catalogue looks them up, all else here. Raises ValueError for an unknown option (with the nearest
    known one) and for a value that the option does not allow.
    """
    fields = options.model_fields
    changed: dict[str, Any] = {}
    for key in sorted(defaults, key=lambda key: "." in key):  # a part before its options, which it replaces
        name, _, inner = key.partition(".")
        field, value = fields.get(name), defaults[key]
        if field is None or (inner and not part_kind(field)):
            raise ValueError(f"no option {key!r} in {options.__name__}.{nearest(key, fields)} All: {', '.join(fields)}")
        before = changed.get(name, field.default)
        changed[name] = _other_part(key, before, inner, value) if part_kind(field) else _in_type(key, value, field)
    replaced: dict[str, Any] = {
        name: (Annotated[fields[name].annotation, fields[name]], default) for name, default in changed.items()
    }
    return create_model(
        options.__name__, __base__=options, __module__=options.__module__, __doc__=options.__doc__, **replaced
    )


def _other_part(key: str, before: PartChoice, inner: str, value: object) -> PartChoice:
    """The choice with another part, or with another option of the same part."""
    if inner:
        return PartChoice.model_construct(name=before.name, options={**before.options, inner: value})
    if not isinstance(value, str) or not value:
        raise ValueError(f"default {value!r} of {key!r}: write the name of a part")
    return PartChoice.model_construct(name=value, options=before.options if value == before.name else {})


def _in_type(key: str, value: Any, field: FieldInfo) -> object:
    """The value in the option's type. Plain types are checked by hand: building validators would slow each listing."""
    kind = field.annotation
    bounds = [(limit, sign) for one in field.metadata for limit, sign in _bounds(one)]
    if get_origin(kind) is Literal:
        allowed = any(value == one and type(value) is type(one) for one in get_args(kind))
    elif kind not in (int, float, bool, str) or len(bounds) != len(field.metadata):
        annotation: Any = Annotated[kind, field]
        return TypeAdapter(annotation).validate_python(value)  # whose error is a ValueError
    else:
        value = float(value) if kind is float and type(value) is int else value
        allowed = type(value) is kind and all(_within(value, limit, sign) for limit, sign in bounds)
        allowed = allowed and (kind is not float or math.isfinite(value))
    if not allowed:
        raise ValueError(f"default {value!r} of option {key!r}: allowed is {describe_type(field)}")
    return value


def _bounds(constraint: object) -> list[tuple[float, str]]:
    return [(limit, sign) for name, sign in _SIGNS.items() if (limit := getattr(constraint, name, None)) is not None]


def _within(value: float, limit: float, sign: str) -> bool:
    return {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}[sign]


def describe_type(field: FieldInfo) -> str:
    """A field's type and bounds in one short text, such as "float > 0, <= 1"."""
    return _type_text(field.annotation, field.metadata)


def _type_text(annotation: Any, metadata: Any = ()) -> str:
    limits = [f"{sign} {_number(limit)}" for one in metadata for limit, sign in _bounds(one)]
    return " ".join([_type_name(annotation), ", ".join(limits)]).strip()


def _type_name(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        nested = [limit for one in arguments[1:] for limit in getattr(one, "metadata", [one])]  # of a Field(…), or bare
        return _type_text(arguments[0], nested)
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if annotation is PartChoice:
        return "part"
    if annotation is NoneType:
        return "null"
    if annotation is Ellipsis:
        return "..."
    if isinstance(origin, type) and arguments and origin.__module__ == "builtins":
        return f"{origin.__name__}[{', '.join(map(_type_name, arguments))}]"
    if arguments:  # a union
        return " | ".join(map(_type_name, arguments))
    return str(getattr(annotation, "__name__", annotation)).lower()


def _number(limit: float) -> str:
    return f"{limit:g}".replace("e+0", "e").replace("e+", "e")


class ModelOptions(Options):
    """Options that every model has."""

    batch: int = Field(64, ge=1, le=65536, description="images a step draws from the data")
    ema_kimg: float = Field(
        2.0,
        ge=0,
        le=10_000,
        description="half-life of the averaged weights that draw samples, in thousands of images; 0 is off",
    )


class TranslatorOptions(ModelOptions):
    """Options of every model that translates photos into another style; `data` are the photos."""

    batch: int = Field(64, ge=1, le=65536, description="images a step draws from either side")
    style: PartChoice = part(
        "dataset", "scenes", "paintings to learn from: a folder, or a data set by name", rendition="oil"
    )


class AdversarialTranslatorOptions(TranslatorOptions):
    """Options of `ganzoo.translator.AdversarialTranslator`, the recipe of one translator against one critic."""

    extra: str = named_parts("term", "terms added to the translator's loss, such as temporal,tv")

    generator: PartChoice = part("generator", "resnet", "network that paints a photo")
    discriminator: PartChoice = part("discriminator", "patch", "network that scores a painting")
    loss: PartChoice = part("loss", "least-squares", "the adversarial loss")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, by comma, such as r1,r2")
    augment: PartChoice = part("augmentation", "none", "what the discriminator sees, real and fake alike")
    adversarial: float = Field(1.0, ge=0, le=1e6, description="weight of the adversarial loss")
    lr: float = Field(2e-4, gt=0, le=1, description="learning rate of both networks")
    lr_discriminator: float = Field(
        0, ge=0, le=1, description="learning rate of the discriminator; 0 is the same as lr"
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's decay of the mean squared gradient")
    decay_from: float = Field(
        0.5, ge=0, le=1, description="share of the budget after which rates fall linearly to 0; 1 is never"
    )
    critic_steps: int = Field(1, ge=1, le=1000, description="discriminator steps per generator step")
    warmup_critic_steps: int = Field(
        1, ge=1, le=1000, description="discriminator steps per generator step of the warm-up"
    )
    warmup_steps: int = Field(0, ge=0, description="generator steps of the warm-up, at the start of the run")
    warmup_every: int = Field(0, ge=0, description="a warm-up step returns at each multiple of this; 0 is never")

    def critic_steps_at(self, step: int) -> int:
        """Discriminator steps in the round of generator step number `step`, counted from 0."""
        return _critic_steps_at(self, step)


class AdversarialOptions(ModelOptions):
    """Options of `ganzoo.model.AdversarialGAN`, the recipe that draws images from noise."""

    generator: PartChoice = part("generator", "dcgan", "network that draws an image from a latent")
    discriminator: PartChoice = part("discriminator", "dcgan", "network that scores an image")
    loss: PartChoice = part("loss", "non-saturating", "the adversarial loss")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, such as r1,r2")
    augment: PartChoice = part("augmentation", "none", "what the discriminator sees, real and fake alike")
    optimiser: Literal["adam", "rmsprop"] = Field("adam", description="optimiser of both networks")
    lr: float = Field(2e-4, gt=0, le=1, description="learning rate of both networks")
    lr_discriminator: float = Field(
        0, ge=0, le=1, description="learning rate of the discriminator; 0 is the same as lr"
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")
    critic_steps: int = Field(1, ge=1, le=1000, description="discriminator steps per generator step")
    warmup_critic_steps: int = Field(
        1, ge=1, le=1000, description="discriminator steps per generator step of the warm-up"
    )
    warmup_steps: int = Field(0, ge=0, description="generator steps of the warm-up, at the start of the run")
    warmup_every: int = Field(0, ge=0, description="a warm-up step returns at each multiple of this; 0 is never")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        refuse_old_options(cls, cls.model_fields)

    def critic_steps_at(self, step: int) -> int:
        """Discriminator steps in the round of generator step number `step`, counted from 0."""
        return _critic_steps_at(self, step)


def _critic_steps_at(options: AdversarialOptions | AdversarialTranslatorOptions, step: int) -> int:
    returning = options.warmup_every > 0 and step % options.warmup_every == 0
    return options.warmup_critic_steps if step < options.warmup_steps or returning else options.critic_steps
