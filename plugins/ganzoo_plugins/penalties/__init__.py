"""Losses with a penalty on the discriminator's gradient: wgan-lp, wgan-div and dragan."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class LipschitzOptions(Options):
    """Options of `wgan-lp`."""

    weight: float = Field(10.0, ge=0, le=10_000, description="weight of the penalty, the paper's lambda")


class DivergenceOptions(Options):
    """Options of `wgan-div`."""

    weight: float = Field(2.0, ge=0, le=10_000, description="weight of the penalty, the paper's k")
    power: float = Field(6.0, ge=1, le=12, description="power of the gradient's norm, the paper's p")


class DRAGANOptions(Options):
    """Options of `dragan`."""

    weight: float = Field(10.0, ge=0, le=10_000, description="weight of the penalty, the paper's lambda")
    reach: float = Field(0.5, ge=0, le=10, description="how far around real images, in standard deviations of them")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The losses."""
    yield PartSpec(
        kind="loss",
        name="wgan-lp",
        target="ganzoo_plugins.penalties.model:LipschitzWasserstein",
        options=LipschitzOptions,
        summary="Wasserstein distance; only gradients steeper than 1 are penalised",
        paper="1709.08894",
        bf16=False,
    )
    yield PartSpec(
        kind="loss",
        name="wgan-div",
        target="ganzoo_plugins.penalties.model:WassersteinDivergence",
        options=DivergenceOptions,
        summary="Wasserstein divergence: a high power of the gradient instead of a bound on it",
        paper="1712.01026",
        bf16=False,
    )
    yield PartSpec(
        kind="loss",
        name="dragan",
        target="ganzoo_plugins.penalties.model:DRAGAN",
        options=DRAGANOptions,
        summary="cross-entropy, with gradients of 1 wanted around real images",
        paper="1705.07215",
        bf16=False,
    )
