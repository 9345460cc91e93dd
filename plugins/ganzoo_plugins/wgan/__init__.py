"""WGAN: the critic estimates the Wasserstein distance, kept Lipschitz by clipping its weights."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "1701.07875"


class WGANOptions(AdversarialOptions):
    """The settings of the authors' code: RMSProp, and a critic trained near its optimum at the start and at times."""

    loss: PartChoice = part("loss", "wgan", "the adversarial game")
    optimiser: Literal["adam", "rmsprop"] = Field("rmsprop", description="optimiser of both players")
    lr: float = Field(5e-5, gt=0, le=1, description="learning rate of both players")
    beta2: float = Field(0.99, ge=0, lt=1, description="RMSProp's (Adam's) decay of the mean squared gradient")
    critic_steps: int = Field(5, ge=1, le=1000, description="critic steps to one generator step")
    warmup_critic_steps: int = Field(
        100, ge=1, le=1000, description="critic steps to each of the opening generator steps"
    )
    warmup_steps: int = Field(25, ge=0, description="number of opening generator steps at the start of the run")
    warmup_every: int = Field(500, ge=0, description="an opening step returns at each multiple of this; 0 is never")


class WassersteinOptions(Options):
    """Options of the Wasserstein loss with clipping."""

    clip: float = Field(0.01, gt=0, le=10, description="bound of every critic weight, applied before each critic step")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `wgan`."""
    yield ModelSpec(
        name="wgan",
        target="ganzoo.model:AdversarialGAN",
        options=WGANOptions,
        summary="Wasserstein GAN with weight clipping on the DCGAN body",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 8, "discriminator.width": 8, "generator.latent": 16, "size": "16", "batch": 8,
              "budget": "20steps", "warmup_critic_steps": 10, "warmup_steps": 2, "data.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its loss."""
    yield PartSpec(
        kind="loss",
        name="wgan",
        target="ganzoo_plugins.wgan.model:ClippedWasserstein",
        options=WassersteinOptions,
        summary="Wasserstein distance, the critic's weights clipped",
        paper=PAPER,
    )
