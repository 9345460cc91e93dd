"""Recipes with one planted bug each, and the check that must catch it. This module declares, so it stays light."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from ganzoo import ModelOptions, ModelSpec


class RecipeOptions(ModelOptions):
    """Options of every recipe here."""

    width: int = Field(8, ge=1, le=64, description="channels of the networks")
    lr: float = Field(1e-3, gt=0, le=1, description="learning rate of both networks")


TINY = {"size": "16", "batch": 8, "budget": "20steps"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One bug: the class in a module of this package, and the check that catches it; empty for a clean one."""

    recipe: str
    caught_by: str = ""
    task: str = "generate"
    options: type[BaseModel] = RecipeOptions
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The class and the check."""
        return f"{self.recipe.partition(':')[2]}-{self.options.__name__}-{self.caught_by or 'clean'}"

    def spec(self) -> ModelSpec:
        """Its declaration."""
        facts = {"license": "Apache-2.0", "tiny": TINY, "summary": "a recipe to be checked", **self.facts}
        return ModelSpec(
            name="mutant", target=f"tests.mutants.{self.recipe}", options=self.options, task=self.task, **facts
        )
