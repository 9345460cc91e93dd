"""DCGAN: the convolutional networks that most losses here are tried on, with the non-saturating loss of 2014."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import AdversarialOptions, Format, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1511.06434"


class GeneratorOptions(Options):
    """Options of the DCGAN generator."""

    width: int = Field(64, ge=1, le=1024, description="channels of the layer before the image; deeper ones have more")
    latent: int = Field(100, ge=1, le=4096, description="length of the latent vector")
    norm: Literal["batch", "instance", "layer", "none"] = Field("batch", description="norm after each convolution")


class DiscriminatorOptions(Options):
    """Options of the DCGAN discriminator."""

    width: int = Field(64, ge=1, le=1024, description="channels of the first layer; deeper ones have more")
    norm: Literal["batch", "instance", "layer", "spectral", "none"] = Field(
        "batch", description="norm of all but the first layer; spectral is one of all weights (1802.05957)"
    )


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `dcgan`."""
    yield ModelSpec(
        name="dcgan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="deep convolutional GAN, cross-entropy and Adam",
        paper=PAPER,
        license="Apache-2.0",
        bf16=True,
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks and its loss."""
    yield PartSpec(
        kind="generator",
        name="dcgan",
        target="ganzoo_plugins.dcgan.networks:DCGANGenerator",
        options=GeneratorOptions,
        summary="transposed convolutions from a latent up to the image",
        paper=PAPER,
        task="generate",
        tiny={"width": 8, "latent": 16},
        formats=(
            Format(
                name="generator of DCGAN (pytorch/examples)",
                model="dcgan",
                files={"generator": ("main.0.weight", "main.1.running_var", "main.3.weight", "main.6.weight")},
                target="ganzoo_plugins.dcgan.published:of_dcgan",
            ),
        ),
    )
    yield PartSpec(
        kind="discriminator",
        name="dcgan",
        target="ganzoo_plugins.dcgan.networks:DCGANDiscriminator",
        options=DiscriminatorOptions,
        summary="strided convolutions down to one score",
        paper=PAPER,
        tiny={"width": 8},
    )
    yield PartSpec(
        kind="loss",
        name="non-saturating",
        target="ganzoo_plugins.dcgan.model:NonSaturating",
        options=Options,
        summary="cross-entropy; the generator maximises log D(G(z))",
        paper="1406.2661",
    )
