"""LSGAN: least squares on the DCGAN networks; images that already fool the discriminator still give a gradient."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1611.04076"


class LeastSquaresOptions(Options):
    """The three targets of eq. 2, by the paper's letters."""

    a: float = Field(0.0, ge=-10, le=10, description="target of the discriminator for generated images")
    b: float = Field(1.0, ge=-10, le=10, description="target of the discriminator for real images")
    c: float = Field(1.0, ge=-10, le=10, description="target of the generator for its images")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `lsgan`."""
    yield ModelSpec(
        name="lsgan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        defaults={"loss": "least-squares"},
        summary="least-squares GAN on the DCGAN body",
        paper=PAPER,
        license="Apache-2.0",
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its loss."""
    yield PartSpec(
        kind="loss",
        name="least-squares",
        target="ganzoo_plugins.lsgan.model:LeastSquares",
        options=LeastSquaresOptions,
        summary="squared distance of scores to their targets",
        paper=PAPER,
    )
