"""Projected GAN: a light generator against heads on frozen pretrained features."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "2111.01007"


class ProjectedDiscriminatorOptions(Options):
    """Options of the discriminator `projected`."""

    encoder: PartChoice = part("encoder", "lite0", "network whose features are used", least=0)
    first: int = Field(1, ge=0, le=15, description="finest stage that is used")
    last: int = Field(4, ge=0, le=15, description="coarsest stage that is used")
    width: int = Field(64, ge=1, le=1024, description="channels of the mixed features and of the heads")
    labels: bool = Field(True, description="whether images are scored by the labels that they come with")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `projected`."""
    yield ModelSpec(
        name="projected",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        defaults={
            "ema_kimg": 20.0,
            "generator": "fastgan",
            "discriminator": "projected",
            "loss": "hinge",
            "augment": "diffaug",
            "beta1": 0.0,
            "beta2": 0.99,
        },
        summary="scored by pretrained features: scenes within minutes, and from few photos",
        paper=PAPER,
        license="Apache-2.0",
    )


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
