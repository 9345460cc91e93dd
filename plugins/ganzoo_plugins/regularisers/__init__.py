"""Regularisers of the discriminator for any loss: r1, r2 and lecam."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class GradientOptions(Options):
    """Options of `r1` and `r2`."""

    gamma: Literal["auto"] | Annotated[float, Field(ge=0, le=1e6)] = Field(
        "auto", description="weight of half the squared gradient; auto is 2 at 64 px, 8 times as much at twice the side"
    )
    every: int = Field(1, ge=1, le=1000, description="rounds from one use to the next, each counting so many times")


class LeCamOptions(Options):
    """Options of `lecam`."""

    weight: float = Field(0.01, ge=0, le=1e6, description="weight of the term")
    decay: float = Field(0.99, ge=0, lt=1, description="of the averages of scores, from one step to the next")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The regularisers."""
    for name, images in (("r1", "real"), ("r2", "drawn")):
        yield PartSpec(
            kind="regulariser",
            name=name,
            target=f"ganzoo_plugins.regularisers.gradients:{name.upper()}",
            options=GradientOptions,
            summary=f"keeps the discriminator flat at {images} images, so that training settles",
            paper="1801.04406",
            bf16=False,
        )
    yield PartSpec(
        kind="regulariser",
        name="lecam",
        target="ganzoo_plugins.regularisers.lecam:LeCam",
        options=LeCamOptions,
        summary="ties scores to the average scores of the other side; for few training images",
        paper="2104.03310",
    )
