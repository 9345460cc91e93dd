"""DRAGAN: what users see. Nothing here imports torch."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "1705.07215"


class DRAGANOptions(AdversarialOptions):
    """DCGAN's, with layer norm in the discriminator: batch norm would tie the gradients of images together."""

    discriminator: PartChoice = part("discriminator", "dcgan", "network that scores an image", norm="layer")
    loss: PartChoice = part("loss", "dragan", "the adversarial loss")


class LossOptions(Options):
    """The penalty's weight, and how far around the data it reaches."""

    weight: float = Field(10.0, ge=0, le=10_000, description="weight of the penalty, the paper's lambda")
    reach: float = Field(0.5, ge=0, le=10, description="largest distance from an image, in deviations of the data")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `dragan`."""
    yield ModelSpec(
        name="dragan",
        target="ganzoo.model:AdversarialGAN",
        options=DRAGANOptions,
        summary="GAN with a gradient penalty around the data, on the DCGAN body",
        paper=PAPER,
        license="Apache-2.0",
        tiny={
            "size": "16",
            "batch": 8,
            "budget": "20steps",
            "data.count": 64,
            "generator.width": 8,
            "discriminator.width": 8,
        },
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its loss."""
    yield PartSpec(
        kind="loss",
        name="dragan",
        target="ganzoo_dragan.model:DRAGAN",
        options=LossOptions,
        summary="cross-entropy with a penalty on the gradient around the data",
        paper=PAPER,
    )
