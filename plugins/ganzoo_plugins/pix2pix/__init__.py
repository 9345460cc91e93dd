"""pix2pix: learns any change of images from pairs, and its U-shaped network `unet`."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, Format, ModelSpec, Options, PartSpec, hookimpl

PAPER = "1611.07004"


class Pix2PixOptions(AdversarialTranslatorOptions):
    """Options of `pix2pix`."""

    l1: float = Field(100.0, ge=0, le=1e5, description="weight of the mean absolute difference to the true image")


class UNetOptions(Options):
    """Options of `unet`; the defaults are the paper's, but for `up` and `norm`."""

    width: int = Field(
        64, ge=1, le=1024, description="channels of the outermost layer; deeper ones up to 8 times as many"
    )
    depth: int = Field(0, ge=0, le=12, description="halvings; 0 goes down to one pixel of the shorter side")
    up: Literal["resize", "deconv"] = Field("resize", description="enlarge, then convolve; deconv is the paper's")
    norm: Literal["batch", "instance", "layer", "none"] = Field(
        "instance",
        description="norm of the inner layers; the paper's batch norm at one pair a step is an instance norm",
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="share of values dropped in the three innermost layers up")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `pix2pix`."""
    yield ModelSpec(
        name="pix2pix",
        target="ganzoo_plugins.pix2pix.model:Pix2Pix",
        options=Pix2PixOptions,
        defaults={"batch": 1, "generator": "unet", "loss": "non-saturating"},
        summary="learns a filter from pairs: each photo and its result, with the same file names",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator."""
    yield PartSpec(
        kind="generator",
        name="unet",
        target="ganzoo_plugins.pix2pix.networks:UNet",
        options=UNetOptions,
        summary="halvings down to a pixel and back, each level joined to its twin",
        paper="1505.04597",
        task="translate",
        tiny={"width": 4},
        formats=(
            Format(
                name="U-Net of pix2pix (junyanz/pytorch-CycleGAN-and-pix2pix)",
                model="pix2pix",
                files={
                    "generator": (
                        "model.model.0.weight",
                        "model.model.1.model.1.weight",
                        "model.model.1.model.3.model.1.weight",
                        "model.model.1.model.5.weight",
                        "model.model.3.weight",
                    )
                },
                target="ganzoo_plugins.pix2pix.published:of_pix2pix",
            ),
        ),
    )
