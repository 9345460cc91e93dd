"""stylegan2-lite: a mapping network and modulated convolutions in pure PyTorch, small enough for a laptop."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1912.04958"


class StyleGAN2Options(AdversarialOptions):
    """How often and how strongly the generator and the discriminator are regularised."""

    lazy: int = Field(
        16, ge=1, le=1000, description="rounds from one use of r1 and r2 to the next, unless their own `every` says it"
    )
    path_length: float = Field(0.0, ge=0, le=1e3, description="weight of path length regularisation; the paper's is 2")
    path_every: int = Field(8, ge=1, le=1000, description="rounds from one use of it to the next")


class NetworkOptions(Options):
    """Options of both networks."""

    width: int = Field(64, ge=1, le=4096, description="channels at 64 px, doubled with each halving of the side")
    widest: int = Field(512, ge=1, le=4096, description="most channels")
    labels: bool = Field(True, description="whether labels of the data are used")


class GeneratorOptions(NetworkOptions):
    """Options of the generator `stylegan2`."""

    latent: int = Field(512, ge=1, le=4096, description="length of the latent and of the style vectors")
    depth: int = Field(8, ge=1, le=16, description="layers of the mapping network")


class DiscriminatorOptions(NetworkOptions):
    """Options of the discriminator `stylegan2`."""

    group: int = Field(1, ge=1, le=64, description="images whose spread is a feature of each; the paper's 4, 1 is off")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `stylegan2-lite`."""
    yield ModelSpec(
        name="stylegan2-lite",
        target="ganzoo_plugins.stylegan2.model:StyleGAN2",
        options=StyleGAN2Options,
        defaults={
            "generator": "stylegan2",
            "discriminator": "stylegan2",
            "regularise": "r1",
            "batch": 32,
            "ema_kimg": 10.0,
            "lr": 2e-3,
            "beta1": 0.0,
            "beta2": 0.99,
        },
        summary="styles control each layer: smooth walks, truncation, projection of photos",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"lazy": 2},
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks."""
    yield PartSpec(
        kind="generator",
        name="stylegan2",
        target="ganzoo_plugins.stylegan2.networks:StyleGAN2Generator",
        options=GeneratorOptions,
        summary="a mapping network, modulated convolutions, images summed over sizes",
        paper=PAPER,
        task="generate",
        tiny={"width": 4, "widest": 16, "latent": 16, "depth": 2},
    )
    yield PartSpec(
        kind="discriminator",
        name="stylegan2",
        target="ganzoo_plugins.stylegan2.networks:StyleGAN2Discriminator",
        options=DiscriminatorOptions,
        summary="residual, without norms; labels by projection",
        paper=PAPER,
        tiny={"width": 4, "widest": 16},
    )
