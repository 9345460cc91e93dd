"""LPTN: photoreal changes of light or season, at any size, by a Laplacian pyramid."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, Options, PartSpec, hookimpl

PAPER = "2105.09188"


class LPTNOptions(AdversarialTranslatorOptions):
    """Options of `lptn`; the paper's critic sees three sizes, ours one, by default."""

    anchor: float = Field(1000.0, ge=0, le=1e6, description="weight of the mean squared change of the photo")


class LPTNGeneratorOptions(Options):
    """Options of the generator `lptn`; the defaults are the paper's."""

    bands: int = Field(3, ge=1, le=6, description="halvings of the pyramid, each with a band of detail")
    low_blocks: int = Field(5, ge=1, le=32, description="residual blocks for the smallest image")
    high_blocks: int = Field(3, ge=1, le=32, description="residual blocks for the mask of the coarsest band")
    width: int = Field(64, ge=4, le=512, description="channels of the residual blocks")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `lptn`."""
    yield ModelSpec(
        name="lptn",
        target="ganzoo_plugins.lptn.model:LPTN",
        options=LPTNOptions,
        defaults={
            "batch": 32,
            "generator": "lptn",
            "loss": "wgan-gp",
            "loss.weight": 100.0,
            "lr": 1e-4,
            "beta1": 0.9,
            "beta2": 0.99,
        },
        summary="changes light or season, keeps every detail, and is fast at any size",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"anchor": 1.0},
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator."""
    yield PartSpec(
        kind="generator",
        name="lptn",
        target="ganzoo_plugins.lptn.networks:LaplacianTranslator",
        options=LPTNGeneratorOptions,
        summary="repaints a small copy, and masks the bands of detail",
        paper=PAPER,
        task="translate",
        tiny={"width": 4, "low_blocks": 1, "high_blocks": 1, "bands": 2},
    )
