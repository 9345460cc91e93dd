"""CycleGAN, and the two networks that most translators of photos share, `resnet` and `patch`."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, Format, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1703.10593"


_BEGIN = ("model.1.weight", "model.4.weight", "model.10.conv_block.1.weight")
_BLURRED_BEGIN = ("model.1.weight", "model.4.weight", "model.7.filt", "model.8.weight", "model.11.filt")
FORMATS = (
    Format(
        name="ResNet generator of CycleGAN (junyanz/pytorch-CycleGAN-and-pix2pix)",
        model="cyclegan",
        files={"generator": (*_BEGIN, "model.7.weight")},
        target="ganzoo_plugins.cyclegan.published:of_cyclegan",
    ),
    Format(
        name="ResNet generator of CUT (taesungp/contrastive-unpaired-translation)",
        model="cut",
        files={"generator": (*_BLURRED_BEGIN, "model.12.conv_block.1.weight")},
        target="ganzoo_plugins.cyclegan.published:of_cyclegan",
    ),
    Format(
        name="fast neural style (pytorch/examples)",
        model="fast-style",
        files={"generator": ("conv1.conv2d.weight", "in1.weight", "res1.conv1.conv2d.weight", "deconv3.conv2d.weight")},
        target="ganzoo_plugins.cyclegan.published:of_fast_style",
    ),
)
"""Published networks that `resnet` equals."""


class CycleGANOptions(AdversarialTranslatorOptions):
    """Options of `cyclegan`."""

    cycle: float = Field(10.0, ge=0, le=1e4, description="weight of the way back to the photo (and to the painting)")
    identity_weight: float = Field(
        5.0, ge=0, le=1e4, description="weight of leaving paintings unchanged; 0 for changes of season or bold styles"
    )
    pool: int = Field(50, ge=0, le=10_000, description="painted images kept for later discriminator steps; 0 is off")


class ResnetOptions(Options):
    """Options of `resnet`; the defaults are CycleGAN's, but for `up`."""

    width: int = Field(64, ge=1, le=1024, description="channels at full size; twice and four times as many below")
    blocks: int = Field(
        0, ge=0, le=64, description="residual blocks at a quarter of the size; 0 is 9 from 256 px on, else 6"
    )
    kernel: Literal[3, 5, 7, 9] = Field(7, description="side of the first and the last convolution")
    down: Literal["stride", "blur"] = Field(
        "stride", description="strided convolutions, or ones that are blurred first"
    )
    up: Literal["resize", "deconv", "blur"] = Field(
        "resize", description="enlarge, then convolve; deconv is the paper's, with its checkerboards; blur is CUT's"
    )
    norm: Literal["batch", "instance", "layer", "none"] = Field("instance", description="norm after each convolution")
    init: Literal["normal", "xavier"] = Field("normal", description="N(0, 0.02), or Xavier with a gain of 0.02 as CUT")
    edges: Literal["auto", "reflect", "zeros"] = Field(
        "auto",
        description="what halving and doubling convolutions see beyond the edges: zeros as CUT's, reflect as"
        " Johnson's; auto is zeros where they are strided or transposed, else reflect",
    )
    end: Literal["tanh", "clamp"] = Field("tanh", description="how values are brought into range at the end")
    residual: bool = Field(
        False, description="adds its output to the photo, so that training starts with photos left as they are"
    )


class PatchOptions(Options):
    """Options of `patch`."""

    width: int = Field(64, ge=1, le=1024, description="channels of the first layer; deeper ones have more")
    layers: int = Field(
        3,
        ge=1,
        le=5,
        description="strided layers, fewer for small images; 3 sees 70 x 70 pixels, 1 sees 16, 4 sees 142",
    )
    norm: Literal["batch", "instance", "layer", "none", "spectral"] = Field(
        "instance", description="norm of the inner layers; spectral is that of all weights, as in SNGAN"
    )
    blur: bool = Field(False, description="blurs before it drops pixels, as CUT")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `cyclegan`."""
    yield ModelSpec(
        name="cyclegan",
        target="ganzoo_plugins.cyclegan.model:CycleGAN",
        options=CycleGANOptions,
        # One painting a step, as instance norm likes it.
        defaults={"batch": 1},
        summary="paints photos and turns paintings into photos; each direction undoes the other",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The networks `resnet` and `patch`."""
    yield PartSpec(
        kind="generator",
        name="resnet",
        target="ganzoo_plugins.cyclegan.networks:Resnet",
        options=ResnetOptions,
        summary="two halvings, residual blocks, two doublings: paints photos of any size",
        paper="1603.08155",
        task="translate",
        tiny={"width": 4, "blocks": 1},
        formats=FORMATS,
    )
    yield PartSpec(
        kind="discriminator",
        name="patch",
        target="ganzoo_plugins.cyclegan.networks:Patch",
        options=PatchOptions,
        summary="a score for each patch, of 70 x 70 pixels by default",
        paper="1611.07004",
        tiny={"width": 4},
    )
