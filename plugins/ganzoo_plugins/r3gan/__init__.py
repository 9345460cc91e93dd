"""R3GAN: residual networks without norms, the relativistic loss, R1 and R2, and the published schedules."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "2501.05441"


class R3GANOptions(AdversarialOptions):
    """Where the schedules end; they run along half a cosine over the whole budget."""

    lr_end: float = Field(0.25, gt=0, le=1, description="factor of the learning rate at the end")
    beta2_end: float = Field(0.99, ge=0, lt=1, description="beta2 at the end")
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
        # Those for faces of 64 px.
        defaults={
            "generator": "r3",
            "discriminator": "r3",
            "loss": "relativistic",
            "regularise": "r1,r2",
            "batch": 256,
            "ema_kimg": 500.0,
            "beta1": 0.0,
            "beta2": 0.9,
        },
        summary="modern residual networks, relativistic loss, R1 and R2, and no tricks; needs a GPU",
        paper=PAPER,
        license="Apache-2.0",
    )


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
