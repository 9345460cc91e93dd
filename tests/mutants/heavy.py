"""A declaration that imports torch."""

import torch
from pydantic import Field

from tests.mutants import RecipeOptions


class Heavy(RecipeOptions):
    """One whose default comes from torch."""

    width: int = Field(int(torch.tensor(8)), ge=1, le=64, description="channels of the networks")
