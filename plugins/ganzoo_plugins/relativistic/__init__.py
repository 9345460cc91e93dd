"""Relativistic games, and `rpgan`: the pairing one with R1 and R2 on the DCGAN body."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, named_parts, part

PAPER = "1807.00734"


class RpGANOptions(AdversarialOptions):
    """No norm in the discriminator, whose gradient is what the regularisers look at."""

    discriminator: PartChoice = part("discriminator", "dcgan", "network that scores an image", norm="none")
    loss: PartChoice = part("loss", "relativistic", "the adversarial game")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, by comma", "r1,r2")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `rpgan`."""
    yield ModelSpec(
        name="rpgan",
        target="ganzoo.model:AdversarialGAN",
        options=RpGANOptions,
        summary="pairs of real and drawn images compared, R1 and R2: settles where other games circle",
        paper="2501.05441",
        license="Apache-2.0",
        tiny={"generator.width": 8, "discriminator.width": 8, "generator.latent": 16, "size": "16", "batch": 8,
              "budget": "20steps", "data.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The losses."""
    yield PartSpec(
        kind="loss",
        name="relativistic",
        target="ganzoo_plugins.relativistic.model:Relativistic",
        options=Options,
        summary="a real image is more real than the drawn one beside it",
        paper=PAPER,
    )
    yield PartSpec(
        kind="loss",
        name="relativistic-average",
        target="ganzoo_plugins.relativistic.model:RelativisticAverage",
        options=Options,
        summary="a real image is more real than drawn ones on average, and the other way round",
        paper=PAPER,
    )
