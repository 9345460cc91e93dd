"""Metrics beside the score that ranks: `frechet`, `neighbours`, `copies` and `spread`."""

from collections.abc import Iterable

from ganzoo import Options, PartSpec, hookimpl


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The metrics `frechet`, `neighbours`, `copies` and `spread`."""
    yield PartSpec(
        kind="metric",
        name="frechet",
        target="ganzoo_plugins.metrics.values:FrechetDistance",
        options=Options,
        summary="distance of the normal distributions fitted to the features; misleads with few images",
        paper="1706.08500",
    )
    yield PartSpec(
        kind="metric",
        name="neighbours",
        target="ganzoo_plugins.metrics.values:NeighbourShares",
        options=Options,
        summary="precision, recall, density and coverage",
        paper="2002.09797",
    )
    yield PartSpec(
        kind="metric",
        name="copies",
        target="ganzoo_plugins.metrics.values:CopyShares",
        options=Options,
        summary="share of the samples that are near copies of training images",
    )
    yield PartSpec(
        kind="metric",
        name="spread",
        target="ganzoo_plugins.metrics.values:SpreadRatios",
        options=Options,
        summary="how much samples differ from each other, compared with real images",
    )
