"""A painter of under 100,000 parameters that learns from a larger translator, or from pairs."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import ModelSpec, Options, PartChoice, PartSpec, TranslatorOptions, hookimpl, part

PAPER = "1503.02531"


class MicroOptions(TranslatorOptions):
    """Options of `micro`; `ganzoo distil` fills in the teacher."""

    batch: int = Field(8, ge=1, le=65536, description="images a step draws from either side")
    teacher: str = Field("", description="run folder of the translator to learn from; empty learns from pairs")
    teacher_step: int = Field(0, ge=0, lt=2**53, description="checkpoint of the teacher; 0 is its newest")
    teacher_weights: str = Field(
        "", pattern=r"([0-9a-f]{64})?", description="fingerprint of the teacher's weights; empty takes any"
    )
    generator: PartChoice = part("generator", "micro", "network that paints a photo")
    encoder: PartChoice = part("encoder", "lite0", "network whose features are compared", least=0)
    first: int = Field(0, ge=0, le=15, description="finest stage that is compared; 0 is at half the size")
    last: int = Field(2, ge=0, le=15, description="coarsest stage that is compared; each halves the size")
    pixels: float = Field(2.0, ge=0, le=1e6, description="weight of the difference of pixels")
    perceptual: float = Field(1.0, ge=0, le=1e6, description="weight of the difference of features")
    lr: float = Field(2e-3, gt=0, le=1, description="learning rate")
    decay_from: float = Field(
        0.3, ge=0, le=1, description="share of the budget after which the rate falls linearly to 0; 1 is never"
    )


class MicroPainterOptions(Options):
    """Options of the generator `micro`."""

    width: int = Field(32, ge=4, le=512, description="channels at a quarter of the size")
    blocks: int = Field(3, ge=1, le=64, description="residual blocks")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `micro`."""
    yield ModelSpec(
        name="micro",
        target="ganzoo_plugins.micro.model:Micro",
        options=MicroOptions,
        defaults={"ema_kimg": 0.5},
        summary="a small and fast painter that copies a larger translator: ganzoo distil RUN",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator."""
    yield PartSpec(
        kind="generator",
        name="micro",
        target="ganzoo_plugins.micro.networks:MicroPainter",
        options=MicroPainterOptions,
        summary="convolutions at a quarter of the size change the photo; no norms, so tiles show no seams",
        paper="1609.05158",
        task="translate",
        tiny={"width": 8, "blocks": 1},
    )
