"""FastGAN: few photos are enough, as the discriminator also learns to redraw them."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "2101.04775"


class GeneratorOptions(Options):
    """Options of the generator `fastgan`."""

    width: int = Field(128, ge=2, le=1024, description="channels at 64 px are twice this, 16 times at 4 px")
    latent: int = Field(256, ge=1, le=4096, description="length of the latent vector, which is brought to unit length")
    skips: bool = Field(True, description="whether coarse maps weigh the channels of maps 16 times as large")
    labels: bool = Field(True, description="whether labels of the data change what is drawn")


class DiscriminatorOptions(Options):
    """Options of the discriminator `fastgan`."""

    width: int = Field(64, ge=2, le=1024, description="channels at 128 px; twice as many at each halving, down to 8 px")
    encoder: PartChoice = part("encoder", "lite0", "network whose features compare images with their copies", least=0)
    depth: int = Field(3, ge=1, le=16, description="finest stages of the encoder that compare")
    weight: float = Field(1.0, ge=0, le=1e4, description="weight of copying real images from the features; 0 is off")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `fastgan`."""
    yield ModelSpec(
        name="fastgan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        defaults={
            "batch": 8,
            "ema_kimg": 5.5,
            "generator": "fastgan",
            "discriminator": "fastgan",
            "loss": "hinge",
            "loss.softness": 0.2,
            "augment": "diffaug",
            "augment.cutout": 0.0,
        },
        summary="for few photos: a light generator, and a discriminator that must redraw what it sees",
        paper=PAPER,
        license="Apache-2.0",
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks."""
    yield PartSpec(
        kind="generator",
        name="fastgan",
        target="ganzoo_plugins.fastgan.networks:FastGANGenerator",
        options=GeneratorOptions,
        summary="gated convolutions, with coarse maps that weigh the channels of fine ones",
        paper=PAPER,
        task="generate",
        tiny={"width": 4, "latent": 16},
    )
    yield PartSpec(
        kind="discriminator",
        name="fastgan",
        target="ganzoo_plugins.fastgan.networks:FastGANDiscriminator",
        options=DiscriminatorOptions,
        summary="scores images at two sizes, and learns to redraw the real ones from its features",
        paper=PAPER,
        task="generate",
        tiny={"width": 2, "depth": 1},
    )
