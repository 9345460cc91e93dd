"""The built-in data set: landscapes drawn procedurally, and the same landscapes painted in three ways."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class ScenesOptions(Options):
    """Which landscapes, and how rendered."""

    count: int = Field(4000, ge=1, le=10_000_000, description="number of landscapes")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of the landscapes")
    rendition: Literal["plain", "oil", "ukiyo-e", "watercolour"] = Field(
        "plain", description="painted how; every rendition shows the same landscapes, pixel for pixel"
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The data set `scenes`."""
    yield PartSpec(
        kind="dataset",
        name="scenes",
        target="ganzoo_plugins.scenes.source:Scenes",
        options=ScenesOptions,
        summary="landscapes drawn on the fly, labelled by season and time of day",
    )
