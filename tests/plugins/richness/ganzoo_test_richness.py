"""A metric from outside, and one that fails."""

from collections.abc import Iterable

from ganzoo import Options, PartSpec, hookimpl


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    for name, target in (("richness", "Richness"), ("hopeless", "Hopeless")):
        yield PartSpec(
            kind="metric",
            name=name,
            target=f"ganzoo_test_richness_values:{target}",
            options=Options,
            summary="a value from outside",
        )
