"""R3GAN: residual networks without any norm under the relativistic game with R1 and R2, on published schedules."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, named_parts, part

PAPER = "2501.05441"


class R3GANOptions(AdversarialOptions):
    """The settings for faces of 64 px; the schedules run along half a cosine over the whole budget."""

    generator: PartChoice = part("generator", "r3", "network that draws an image from a latent")
    discriminator: PartChoice = part("discriminator", "r3", "network that scores an image")
    loss: PartChoice = part("loss", "relativistic", "the adversarial game")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, by comma", "r1,r2")
    batch: int = Field(256, ge=1, le=65536, description="images a step draws from the data")
    ema_kimg: float = Field(
        500.0, ge=0, le=10_000, description="half-life of the averaged weights, in thousands of images; 0 is off"
    )
    lr_end: float = Field(0.25, gt=0, le=1, description="factor of the learning rate at the end")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the mean squared gradient, at the start")
    beta2_end: float = Field(0.99, ge=0, lt=1, description="the same at the end")
    regularise_end: float = Field(0.1, ge=0, le=1, description="factor of the regularisers at the end")


class NetworkOptions(Options):
    """Options of both networks."""

    width: int = Field(768, ge=8, le=4096, description="channels up to 32 px, halved with each doubling after that")
    blocks: int = Field(2, ge=1, le=16, description="residual blocks at each size")
    group: int = Field(16, ge=1, le=4096, description="channels of a group of the wide convolutions")
    labels: bool = Field(True, description="whether labels of the data are used")


class GeneratorOptions(NetworkOptions):
    """Options of the generator `r3`."""

    latent: int = Field(64, ge=1, le=4096, description="length of the latent vector")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `r3gan`."""
    yield ModelSpec(
        name="r3gan",
        target="ganzoo_plugins.r3gan.model:R3GAN",
        options=R3GANOptions,
        summary="modern residual networks, relativistic with R1 and R2: the tricks taken out; wants a GPU",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 16, "generator.blocks": 1, "generator.latent": 16, "discriminator.width": 16,
              "discriminator.blocks": 1, "size": "16", "batch": 8, "budget": "20steps", "data.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks."""
    yield PartSpec(
        kind="generator",
        name="r3",
        target="ganzoo_plugins.r3gan.networks:R3Generator",
        options=GeneratorOptions,
        summary="residual blocks of grouped convolutions, no norm",
        paper=PAPER,
        task="generate",
        tiny={"width": 16, "blocks": 1, "latent": 16},
    )
    yield PartSpec(
        kind="discriminator",
        name="r3",
        target="ganzoo_plugins.r3gan.networks:R3Discriminator",
        options=NetworkOptions,
        summary="the generator's mirror image; labels by projection",
        paper=PAPER,
        tiny={"width": 16, "blocks": 1},
    )
