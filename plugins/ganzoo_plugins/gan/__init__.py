"""GAN: the adversarial loss of 2014 on two simple networks, in its first, saturating form by default."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1406.2661"


class GANGeneratorOptions(Options):
    """Options of the generator `gan`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the layer before the image; deeper ones have twice")
    latent: int = Field(100, ge=1, le=4096, description="length of the latent vector")


class GANDiscriminatorOptions(Options):
    """Options of the discriminator `gan`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the convolution; the hidden layer has twice")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `gan`."""
    yield ModelSpec(
        name="gan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        # The paper names the remedy itself: loss=non-saturating.
        defaults={"generator": "gan", "discriminator": "gan", "loss": "minimax"},
        summary="the GAN of 2014 in its first form: its loss saturates, which shows why others exist",
        paper=PAPER,
        license="Apache-2.0",
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks and its loss."""
    yield PartSpec(
        kind="generator",
        name="gan",
        target="ganzoo_plugins.gan.networks:PlainGenerator",
        options=GANGeneratorOptions,
        summary="one dense layer and transposed convolutions without norms",
        paper=PAPER,
        task="generate",
        tiny={"width": 8, "latent": 16},
    )
    yield PartSpec(
        kind="discriminator",
        name="gan",
        target="ganzoo_plugins.gan.networks:PlainDiscriminator",
        options=GANDiscriminatorOptions,
        summary="one convolution and two dense layers",
        paper=PAPER,
        tiny={"width": 8},
    )
    yield PartSpec(
        kind="loss",
        name="minimax",
        target="ganzoo_plugins.gan.model:Minimax",
        options=Options,
        summary="cross-entropy both ways: the generator minimises log(1 - D(G(z))), which saturates",
        paper=PAPER,
    )
