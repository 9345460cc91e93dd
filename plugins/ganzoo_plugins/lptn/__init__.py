"""LPTN: photoreal changes of light or season, at any size, by a Laplacian pyramid."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "2105.09188"


class LPTNOptions(AdversarialTranslatorOptions):
    """The paper's settings; its critic sees three sizes, ours one, by default."""

    batch: int = Field(32, ge=1, le=65536, description="images a step draws from either side")
    generator: PartChoice = part("generator", "lptn", "network that changes a photo")
    discriminator: PartChoice = part("discriminator", "patch", "network that scores a photo")
    loss: PartChoice = part("loss", "wgan-gp", "the adversarial game", weight=100.0)
    anchor: float = Field(1000.0, ge=0, le=1e6, description="weight of the mean squared change of the photo")
    lr: float = Field(1e-4, gt=0, le=1, description="learning rate of both players")
    beta1: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's decay of the mean squared gradient")


class LPTNGeneratorOptions(Options):
    """Options of the generator `lptn`; the defaults are the paper's."""

    bands: int = Field(3, ge=1, le=6, description="halvings of the pyramid, each with a band of detail")
    low_blocks: int = Field(5, ge=1, le=32, description="residual blocks for the smallest image")
    high_blocks: int = Field(3, ge=1, le=32, description="residual blocks for the mask of the coarsest band")
    width: int = Field(64, ge=4, le=512, description="channels of the residual blocks")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `lptn`."""
    yield ModelSpec(
        name="lptn",
        target="ganzoo_plugins.lptn.model:LPTN",
        options=LPTNOptions,
        summary="changes light or season and keeps every detail, fast at any size",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 4, "generator.low_blocks": 1, "generator.high_blocks": 1, "generator.bands": 2,
              "discriminator.width": 4, "anchor": 1.0, "size": "16", "batch": 4, "budget": "10steps", "data.count": 64,
              "style.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator."""
    yield PartSpec(
        kind="generator",
        name="lptn",
        target="ganzoo_plugins.lptn.networks:LaplacianTranslator",
        options=LPTNGeneratorOptions,
        summary="repaints a small copy, and masks the bands of detail",
        paper=PAPER,
        task="translate",
        tiny={"width": 4, "low_blocks": 1, "high_blocks": 1, "bands": 2},
    )
