"""Options of models and parts: frozen pydantic models whose every field has a default, a meaning and bounds."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from ganzoo.specs import PartKind


class Options(BaseModel):
    """Base of all option classes: frozen, and an unknown key is an error."""

    # Validators are built when first used: listing plugins uses none, and is to be fast.
    # NaN would pass a bound that is written as a comparison, and no option of ours means infinity.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True, allow_inf_nan=False)


class PartChoice(Options):
    """A part chosen by name, and the options of it that differ from the part's own defaults."""

    name: str
    options: dict[str, Any] = {}


def part(kind: PartKind, name: str, description: str, **options: object) -> Any:
    """Field of an options class that holds a part of `kind`: part `name` by default, set up with `options`."""
    choice = PartChoice.model_construct(name=name, options=options)  # ours: building a validator would cost time
    return Field(choice, description=description, json_schema_extra={"kind": kind})


def part_kind(field: FieldInfo) -> PartKind | None:
    """The kind of part that an options field holds, or None for a plain option."""
    extra = field.json_schema_extra
    return extra.get("kind") if isinstance(extra, Mapping) else None  # type: ignore[return-value]


def named_parts(kind: PartKind, description: str, default: str = "") -> Any:
    """Field of an options class that names any number of parts of `kind` by comma; `default` says which unasked.

    Options of a part that is named are written with its name: `--set extra=temporal --set temporal.weight=30`.
    """
    return Field(default, description=description, json_schema_extra={"kinds": kind})


def parts_kind(field: FieldInfo) -> PartKind | None:
    """The kind of parts that an options field names by comma, or None for any other field."""
    extra = field.json_schema_extra
    return extra.get("kinds") if isinstance(extra, Mapping) else None  # type: ignore[return-value]


class ModelOptions(Options):
    """Options that every model has."""

    batch: int = Field(64, ge=1, le=65536, description="images a step draws from the data")
    ema_kimg: float = Field(
        2.0,
        ge=0,
        le=10_000,
        description="half-life of the averaged weights that draw the samples, in thousands of images; 0 is off",
    )


class TranslatorOptions(ModelOptions):
    """Options of every model that translates photos into another style; `data` are the photos."""

    style: PartChoice = part(
        "dataset", "scenes", "paintings to learn from: a folder, or a data set by name", rendition="oil"
    )


class AdversarialTranslatorOptions(TranslatorOptions):
    """Options of `ganzoo.translator.AdversarialTranslator`, the recipe of one translator against one critic."""

    extra: str = named_parts("term", "terms added to the translator's loss, by comma, such as temporal,tv")

    generator: PartChoice = part("generator", "resnet", "network that paints a photo")
    discriminator: PartChoice = part("discriminator", "patch", "network that scores a painting")
    loss: PartChoice = part("loss", "least-squares", "the adversarial loss")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, by comma, such as r1,r2")
    augment: PartChoice = part("augmentation", "none", "what the discriminator sees, real and fake alike")
    adversarial: float = Field(1.0, ge=0, le=1e6, description="weight of the adversarial loss")
    lr: float = Field(2e-4, gt=0, le=1, description="learning rate of both players")
    lr_discriminator: float = Field(
        0, ge=0, le=1, description="learning rate of the discriminator; 0 is the same as lr"
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's decay of the mean squared gradient")
    decay_from: float = Field(
        0.5, ge=0, le=1, description="part of the budget after which rates fall to 0 in a line; 1 is never"
    )
    critic_steps: int = Field(1, ge=1, le=1000, description="discriminator steps to one generator step")
    warmup_critic_steps: int = Field(
        1, ge=1, le=1000, description="discriminator steps to each of the opening generator steps"
    )
    warmup_steps: int = Field(0, ge=0, description="number of opening generator steps at the start of the run")
    warmup_every: int = Field(0, ge=0, description="an opening step returns at each multiple of this; 0 is never")

    def critic_steps_at(self, step: int) -> int:
        """Discriminator steps in the round of generator step number `step`, counted from 0."""
        return _critic_steps_at(self, step)


class AdversarialOptions(ModelOptions):
    """Options of `ganzoo.model.AdversarialGAN`, the recipe that draws images from noise.

    A model declares its own defaults by subclassing.
    """

    generator: PartChoice = part("generator", "dcgan", "network that draws an image from a latent")
    discriminator: PartChoice = part("discriminator", "dcgan", "network that scores an image")
    loss: PartChoice = part("loss", "non-saturating", "the adversarial loss")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, by comma, such as r1,r2")
    augment: PartChoice = part("augmentation", "none", "what the discriminator sees, real and fake alike")
    optimiser: Literal["adam", "rmsprop"] = Field("adam", description="optimiser of both players")
    lr: float = Field(2e-4, gt=0, le=1, description="learning rate of both players")
    lr_discriminator: float = Field(
        0, ge=0, le=1, description="learning rate of the discriminator; 0 is the same as lr"
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")
    critic_steps: int = Field(1, ge=1, le=1000, description="discriminator steps to one generator step")
    warmup_critic_steps: int = Field(
        1, ge=1, le=1000, description="discriminator steps to each of the opening generator steps"
    )
    warmup_steps: int = Field(0, ge=0, description="number of opening generator steps at the start of the run")
    warmup_every: int = Field(0, ge=0, description="an opening step returns at each multiple of this; 0 is never")

    def critic_steps_at(self, step: int) -> int:
        """Discriminator steps in the round of generator step number `step`, counted from 0."""
        return _critic_steps_at(self, step)


def _critic_steps_at(options: AdversarialOptions | AdversarialTranslatorOptions, step: int) -> int:
    returning = options.warmup_every > 0 and step % options.warmup_every == 0
    return options.warmup_critic_steps if step < options.warmup_steps or returning else options.critic_steps
