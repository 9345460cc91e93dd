"""SNGAN: residual networks, spectral norm and the hinge game; with labels, a conditional GAN with projection."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "1802.05957"


class SNGANOptions(AdversarialOptions):
    """The settings of the paper's residual network."""

    generator: PartChoice = part("generator", "sn-resnet", "network that draws an image from a latent")
    discriminator: PartChoice = part("discriminator", "sn-resnet", "network that scores an image")
    loss: PartChoice = part("loss", "hinge", "the adversarial game")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.9, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")
    critic_steps: int = Field(5, ge=1, le=1000, description="discriminator steps to one generator step")


class GeneratorOptions(Options):
    """Options of the generator `sn-resnet`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the last block; each before it has twice, up to 16")
    latent: int = Field(128, ge=1, le=4096, description="length of the latent vector")
    labels: bool = Field(True, description="whether labels of the data change what is drawn")


class DiscriminatorOptions(Options):
    """Options of the discriminator `sn-resnet`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the first block; each further has twice, up to 16")
    labels: bool = Field(True, description="whether images are judged by the labels that they come with")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `sngan`."""
    yield ModelSpec(
        name="sngan",
        target="ganzoo.model:AdversarialGAN",
        options=SNGANOptions,
        summary="residual networks with spectral norm, hinge; draws by label where the data has labels",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 8, "discriminator.width": 8, "generator.latent": 16, "size": "16", "batch": 8,
              "budget": "20steps", "critic_steps": 2, "data.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks."""
    yield PartSpec(
        kind="generator",
        name="sn-resnet",
        target="ganzoo_plugins.sngan.networks:ResNetGenerator",
        options=GeneratorOptions,
        summary="residual blocks with conditional batch norm from a latent up to the image",
        paper=PAPER,
        task="generate",
        tiny={"width": 8, "latent": 16},
    )
    yield PartSpec(
        kind="discriminator",
        name="sn-resnet",
        target="ganzoo_plugins.sngan.networks:ResNetDiscriminator",
        options=DiscriminatorOptions,
        summary="residual blocks with spectral norm down to one score; labels by projection",
        paper="1802.05637",
        tiny={"width": 8},
    )
