"""Projected GAN: a light generator against heads on frozen pretrained features, which know scenes from the start."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "2111.01007"


class ProjectedOptions(AdversarialOptions):
    """The paper's settings."""

    ema_kimg: float = Field(
        20.0, ge=0, le=10_000, description="half-life of the averaged weights, in thousands of images; 0 is off"
    )
    generator: PartChoice = part("generator", "fastgan", "network that draws an image from a latent")
    discriminator: PartChoice = part("discriminator", "projected", "network that scores an image")
    loss: PartChoice = part("loss", "hinge", "the adversarial game")
    augment: PartChoice = part("augmentation", "diffaug", "what the discriminator sees, real and fake alike")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")


class ProjectedDiscriminatorOptions(Options):
    """Options of the discriminator `projected`."""

    encoder: PartChoice = part("encoder", "lite0", "network whose features are used", least=0)
    first: int = Field(1, ge=0, le=15, description="finest stage that is used")
    last: int = Field(4, ge=0, le=15, description="coarsest stage that is used")
    width: int = Field(64, ge=1, le=1024, description="channels of the mixed features and of the heads")
    labels: bool = Field(True, description="whether images are judged by the labels that they come with")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `projected`."""
    yield ModelSpec(
        name="projected",
        target="ganzoo.model:AdversarialGAN",
        options=ProjectedOptions,
        summary="judged by pretrained features: scenes within minutes, and from few photos",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 4, "discriminator.width": 8, "generator.latent": 16, "size": "16", "batch": 8,
              "budget": "20steps", "data.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its discriminator; the generator is FastGAN's."""
    yield PartSpec(
        kind="discriminator",
        name="projected",
        target="ganzoo_plugins.projected.networks:ProjectedDiscriminator",
        options=ProjectedDiscriminatorOptions,
        summary="a head on each scale of randomly mixed pretrained features",
        paper=PAPER,
        tiny={"width": 8},
    )
