"""Relativistic losses, and `rpgan`: the one of pairs, with R1 and R2, on the DCGAN networks."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1807.00734"


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `rpgan`."""
    yield ModelSpec(
        name="rpgan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        # No norm in the discriminator, whose gradient is what the regularisers look at.
        defaults={
            "discriminator.norm": "none",
            "loss": "relativistic",
            "regularise": "r1,r2",
            "beta1": 0.0,
            "beta2": 0.99,
        },
        summary="compares pairs of real and drawn images, with R1 and R2: settles where other losses circle",
        paper="2501.05441",
        license="Apache-2.0",
    )


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
