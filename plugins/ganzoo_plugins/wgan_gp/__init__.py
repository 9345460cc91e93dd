"""WGAN-GP: the critic is kept Lipschitz by a penalty on its gradient instead of clipping."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "1704.00028"


class WGANGPOptions(AdversarialOptions):
    """The paper's settings; a batch norm in the critic would tie the penalty's images together, so layer norm."""

    discriminator: PartChoice = part("discriminator", "dcgan", "network that scores an image", norm="layer")
    loss: PartChoice = part("loss", "wgan-gp", "the adversarial game")
    lr: float = Field(1e-4, gt=0, le=1, description="learning rate of both players")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.9, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")
    critic_steps: int = Field(5, ge=1, le=1000, description="critic steps to one generator step")


class GradientPenaltyOptions(Options):
    """Options of the Wasserstein loss with gradient penalty."""

    weight: float = Field(10.0, ge=0, le=10_000, description="weight of the penalty, the paper's lambda")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `wgan-gp`."""
    yield ModelSpec(
        name="wgan-gp",
        target="ganzoo.model:AdversarialGAN",
        options=WGANGPOptions,
        summary="Wasserstein GAN with gradient penalty on the DCGAN body",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 8, "discriminator.width": 8, "generator.latent": 16, "size": "16", "batch": 8,
              "budget": "20steps", "critic_steps": 2, "data.count": 64},
    )  # fmt: skip


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its loss."""
    yield PartSpec(
        kind="loss",
        name="wgan-gp",
        target="ganzoo_plugins.wgan_gp.model:PenalisedWasserstein",
        options=GradientPenaltyOptions,
        summary="Wasserstein distance with a penalty on the critic's gradient",
        paper=PAPER,
    )
