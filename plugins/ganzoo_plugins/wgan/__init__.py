"""WGAN: the critic estimates the Wasserstein distance, kept Lipschitz by clipping its weights."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1701.07875"


class WassersteinOptions(Options):
    """Options of the Wasserstein loss with clipping."""

    clip: float = Field(0.01, gt=0, le=10, description="bound of every critic weight, applied before each critic step")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `wgan`."""
    yield ModelSpec(
        name="wgan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        # Those of the authors' code: RMSProp, and a critic trained near its optimum at the start and at times.
        defaults={
            "loss": "wgan",
            "optimiser": "rmsprop",
            "lr": 5e-5,
            "beta2": 0.99,
            "critic_steps": 5,
            "warmup_critic_steps": 100,
            "warmup_steps": 25,
            "warmup_every": 500,
        },
        summary="Wasserstein GAN with weight clipping on the DCGAN body",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"warmup_critic_steps": 10, "warmup_steps": 2},
    )


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
