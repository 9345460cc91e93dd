"""An augmentation from outside."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class DuskOptions(Options):
    """Options of `dusk`."""

    depth: float = Field(0.5, ge=0, le=1, description="how dark it can get")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    yield PartSpec(
        kind="augmentation",
        name="dusk",
        target="ganzoo_test_dusk_recipe:Dusk",
        options=DuskOptions,
        summary="images by fading light",
    )
