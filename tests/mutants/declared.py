"""Options and declarations with a bug each; light, like every declaration."""

from pydantic import BaseModel, Field

from ganzoo import ModelOptions
from tests.mutants import RecipeOptions


class DeadOption(RecipeOptions):
    """One that nothing reads."""

    momentum: float = Field(0.9, ge=0, lt=1, description="read by nobody")


class Mutable(RecipeOptions, frozen=False):
    """One that may be changed after it was checked."""


class TakesAnything(RecipeOptions, extra="allow"):
    """One that takes misspelt options."""


class Undescribed(RecipeOptions):
    """One without a meaning."""

    width: int = Field(8, ge=1, le=64)


class Unbounded(RecipeOptions):
    """One without a lower bound."""

    width: int = Field(8, description="channels of the networks")


class Endless(RecipeOptions):
    """One that takes infinity."""

    lr: float = Field(1e-3, gt=0, description="learning rate of both networks")


class Undefaulted(ModelOptions):
    """One that must be given."""

    width: int = Field(ge=1, le=64, description="channels of the networks")
    lr: float = Field(1e-3, gt=0, le=1, description="learning rate of both networks")


class DefaultOutOfBounds(RecipeOptions):
    """One whose default is refused."""

    width: int = Field(0, ge=1, le=64, description="channels of the networks")


class NoModelOptions(BaseModel, frozen=True, extra="forbid"):
    """Without the options of every model."""
