"""SANTA (Xie et al., CVPR 2023): one translator for every strength, from the photo at 0 to the painting at 1."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, Options, PartSpec, hookimpl


class SANTAOptions(AdversarialTranslatorOptions):
    """Options of `santa`."""

    reconstruction: float = Field(5.0, ge=0, le=1e4, description="weight of getting the photo at strength 0")
    same: float = Field(5.0, ge=0, le=1e4, description="weight of getting the painting from a painting at strength 1")
    noise: float = Field(1.0, ge=0, le=100, description="spread of the noise on codes, which the decoder must tolerate")
    path: float = Field(0.01, ge=0, le=1e4, description="weight of a short way between the strengths")
    prior: float = Field(0.01, ge=0, le=1e4, description="weight of small codes")
    step_low: float = Field(0.05, gt=0, le=0.5, description="smallest distance of two strengths that are compared")
    step_high: float = Field(0.1, gt=0, le=0.5, description="largest such distance")


class SANTAGeneratorOptions(Options):
    """Options of the generator `santa`."""

    width: int = Field(64, ge=1, le=1024, description="channels at full size; twice and four times as many below")
    blocks: int = Field(
        0, ge=0, le=64, description="residual blocks at a quarter of the size; 0 is 9 from 256 px on, else 6"
    )
    kernel: Literal[3, 5, 7] = Field(7, description="side of the first and the last convolution")
    residual: bool = Field(
        False, description="adds its output, times the strength, to the photo: 0 is then exactly the photo"
    )
    soften: int = Field(0, ge=0, le=2, description="halvings that blur the photo it adds to, so detail is painted anew")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `santa`."""
    yield ModelSpec(
        name="santa",
        target="ganzoo_plugins.santa.model:SANTA",
        options=SANTAOptions,
        defaults={"batch": 1, "generator": "santa", "discriminator.blur": True},
        summary="paints photos as strongly as you like: one network, any strength",
        task="translate",
        license="Apache-2.0",
        tiny={"generator.blocks": 1},
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator."""
    yield PartSpec(
        kind="generator",
        name="santa",
        target="ganzoo_plugins.santa.networks:SANTAGenerator",
        options=SANTAGeneratorOptions,
        summary="an encoder of the photo, and a decoder that receives the strength",
        task="translate",
        tiny={"width": 4, "blocks": 2},
    )
