"""SNGAN: residual networks with spectral norm and the hinge loss; with labels, a conditional GAN by projection."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1802.05957"


class GeneratorOptions(Options):
    """Options of the generator `sn-resnet`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the last block; each before it has twice, up to 16")
    latent: int = Field(128, ge=1, le=4096, description="length of the latent vector")
    labels: bool = Field(True, description="whether labels of the data change what is drawn")


class DiscriminatorOptions(Options):
    """Options of the discriminator `sn-resnet`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the first block; each further has twice, up to 16")
    labels: bool = Field(True, description="whether images are scored by the labels that they come with")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `sngan`."""
    yield ModelSpec(
        name="sngan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        defaults={
            "generator": "sn-resnet",
            "discriminator": "sn-resnet",
            "loss": "hinge",
            "beta1": 0.0,
            "beta2": 0.9,
            "critic_steps": 5,
        },
        summary="residual networks with spectral norm, hinge; draws by label where the data has labels",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"critic_steps": 2},
    )


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
