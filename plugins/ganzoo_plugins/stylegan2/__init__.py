"""stylegan2-lite: a mapping network and modulated convolutions in pure PyTorch, small enough for a laptop."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, named_parts, part

PAPER = "1912.04958"


class StyleGAN2Options(AdversarialOptions):
    """The paper's settings with narrower networks."""

    generator: PartChoice = part("generator", "stylegan2", "network that draws an image from a latent")
    discriminator: PartChoice = part("discriminator", "stylegan2", "network that scores an image")
    loss: PartChoice = part("loss", "non-saturating", "the adversarial game")
    regularise: str = named_parts("regulariser", "terms added to the discriminator's loss, by comma", "r1")
    lazy: int = Field(
        16, ge=1, le=1000, description="rounds from one use of r1 and r2 to the next, unless their own `every` says it"
    )
    path_length: float = Field(0.0, ge=0, le=1e3, description="weight of path length regularisation; the paper's is 2")
    path_every: int = Field(8, ge=1, le=1000, description="rounds from one use of it to the next")
    batch: int = Field(32, ge=1, le=65536, description="images a step draws from the data")
    ema_kimg: float = Field(
        10.0, ge=0, le=10_000, description="half-life of the averaged weights, in thousands of images; 0 is off"
    )
    lr: float = Field(2e-3, gt=0, le=1, description="learning rate of both players")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")


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
        summary="styles steer each layer: smooth walks, truncation, photos projected into its latent space",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"generator.width": 4, "generator.widest": 16, "generator.latent": 16, "generator.depth": 2,
              "discriminator.width": 4, "discriminator.widest": 16, "lazy": 2, "size": "16", "batch": 8,
              "budget": "20steps", "data.count": 64},
    )  # fmt: skip


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
