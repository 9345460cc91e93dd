"""Losses on pretrained features: the critic `feature-patch` and the term `perceptual`."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartChoice, PartSpec, hookimpl, part


class EncoderOptions(Options):
    """Which features, and of which stages."""

    encoder: PartChoice = part("encoder", "lite0", "network whose features are used", least=0)
    first: int = Field(0, ge=0, le=15, description="finest stage that is used; 0 is at half the size")
    last: int = Field(3, ge=0, le=15, description="coarsest stage that is used; each halves the size")


class FeaturePatchOptions(EncoderOptions):
    """Options of `feature-patch`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the trained layer on each stage")
    projection: int = Field(
        0, ge=0, le=1024, description="channels of a fixed random mixture of each stage's features; 0 mixes nothing"
    )


class EnsembleOptions(Options):
    """Options of `ensemble`."""

    first: PartChoice = part("discriminator", "feature-patch", "one of the critics")
    second: PartChoice = part("discriminator", "patch", "the other critic", width=32, layers=2, norm="spectral")


class PerceptualOptions(EncoderOptions):
    """Options of `perceptual`."""

    weight: float = Field(1.0, ge=0, le=1e6, description="weight of the term")
    first: int = Field(2, ge=0, le=15, description="finest stage that is used; 0 is at half the size")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The discriminator `feature-patch` and the term `perceptual`."""
    yield PartSpec(
        kind="discriminator",
        name="feature-patch",
        target="ganzoo_plugins.perceptual.networks:FeaturePatch",
        options=FeaturePatchOptions,
        summary="scores patches by frozen pretrained features, which know strokes from the first step on",
        paper="2111.01007",
        tiny={"width": 4},
    )
    yield PartSpec(
        kind="discriminator",
        name="ensemble",
        target="ganzoo_plugins.perceptual.networks:Ensemble",
        options=EnsembleOptions,
        summary="two critics that see different things, such as pretrained features and bare pixels",
        paper="1611.01673",
    )
    yield PartSpec(
        kind="term",
        name="perceptual",
        target="ganzoo_plugins.perceptual.terms:Perceptual",
        options=PerceptualOptions,
        summary="keeps what the photo shows: distance of pretrained features, place by place",
        paper="1603.08155",
    )
