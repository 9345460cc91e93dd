"""The loss `hinge`, for critics with spectral norm."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class HingeOptions(Options):
    """Options of `hinge`."""

    softness: float = Field(
        0.0, ge=0, le=1, description="margins of the discriminator are spread evenly over so much below 1 (2101.04775)"
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The loss."""
    yield PartSpec(
        kind="loss",
        name="hinge",
        target="ganzoo_plugins.hinge.model:Hinge",
        options=HingeOptions,
        summary="the critic ignores images that it is sure of; the generator uses all",
        paper="1705.02894",
    )
