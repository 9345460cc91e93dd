"""The loss `hinge`, for critics with spectral norm."""

from collections.abc import Iterable

from ganzoo import Options, PartSpec, hookimpl


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The loss."""
    yield PartSpec(
        kind="loss",
        name="hinge",
        target="ganzoo_plugins.hinge.model:Hinge",
        options=Options,
        summary="images that the critic is sure of pull no more, the generator always does",
        paper="1705.02894",
    )
