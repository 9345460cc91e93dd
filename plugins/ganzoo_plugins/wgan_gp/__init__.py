"""WGAN-GP: the critic is kept Lipschitz by a penalty on its gradient instead of clipping."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1704.00028"


class GradientPenaltyOptions(Options):
    """Options of the Wasserstein loss with gradient penalty."""

    weight: float = Field(10.0, ge=0, le=10_000, description="weight of the penalty, the paper's lambda")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `wgan-gp`."""
    yield ModelSpec(
        name="wgan-gp",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        # A batch norm in the critic would tie the penalty's images together, so layer norm.
        defaults={
            "discriminator.norm": "layer",
            "loss": "wgan-gp",
            "lr": 1e-4,
            "beta1": 0.0,
            "beta2": 0.9,
            "critic_steps": 5,
        },
        summary="Wasserstein GAN with gradient penalty on the DCGAN body",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"critic_steps": 2},
    )


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
        bf16=False,
    )
