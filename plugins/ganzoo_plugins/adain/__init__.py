"""AdaIN with a critic: any painting can be the style, chosen when the model is used."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, Format, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "1703.06868"


class AdaINOptions(AdversarialTranslatorOptions):
    """Options of `adain`: the paper's losses, with a critic beside them."""

    content_weight: float = Field(1.0, ge=0, le=1e4, description="weight of the distance to the wanted features")
    style_weight: float = Field(10.0, ge=0, le=1e4, description="weight of mean and spread of the painting's features")


class AdaINGeneratorOptions(Options):
    """Options of the generator `adain`."""

    encoder: PartChoice = part("encoder", "lite0", "frozen network whose features are exchanged", least=0)
    stages: int = Field(3, ge=1, le=5, description="stages of features that are used; each halves the size")
    width: int = Field(64, ge=1, le=1024, description="channels of the decoder at half the size; more below")
    skips: bool = Field(True, description="gives the decoder all stages; the paper's has the coarsest only")
    residual: bool = Field(
        True, description="adds its output to the photo, as light encoders keep too little to draw it again"
    )
    up: Literal["nearest", "blur"] = Field("nearest", description="how maps are enlarged; blur leaves no fine hatch")
    soften: int = Field(0, ge=0, le=3, description="halvings that blur the photo it adds to, so detail is painted anew")


class VGGPainterOptions(Options):
    """Options of the generator `adain-vgg`."""

    width: int = Field(64, ge=1, le=256, description="channels of the VGG at full size; 8 times as many at an eighth")


class FeaturePainterOptions(Options):
    """Options of the generator `feature-painter`."""

    encoder: PartChoice = part("encoder", "lite0", "frozen network whose features the photo is painted from", least=0)
    stages: int = Field(3, ge=1, le=5, description="stages of features that are used; each halves the size")
    width: int = Field(32, ge=1, le=1024, description="channels at full and at half the size; more below")
    up: Literal["nearest", "blur"] = Field("blur", description="how maps are enlarged; blur leaves no fine hatch")
    soften: int = Field(0, ge=0, le=3, description="halvings that blur the photo it adds to, so detail is painted anew")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `adain`."""
    yield ModelSpec(
        name="adain",
        target="ganzoo_plugins.adain.model:AdaIN",
        options=AdaINOptions,
        defaults={"batch": 8, "generator": "adain", "adversarial": 0.1, "lr": 1e-4},
        summary="paints photos like any painting you give it, at any strength",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        bf16=True,
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator, the published one, and one without a style that any translator can take."""
    yield PartSpec(
        kind="generator",
        name="adain",
        target="ganzoo_plugins.adain.networks:AdaINGenerator",
        options=AdaINGeneratorOptions,
        summary="features of the photo take mean and spread of the painting's",
        paper=PAPER,
        task="translate",
        tiny={"width": 4},
    )
    yield PartSpec(
        kind="generator",
        name="adain-vgg",
        target="ganzoo_plugins.adain.networks:VGGPainter",
        options=VGGPainterOptions,
        summary="the published VGG and decoder of AdaIN; its VGG comes from a checkpoint (import-weights)",
        paper=PAPER,
        task="translate",
        tiny={"width": 4},
        formats=(
            Format(
                name="AdaIN (naoto0804/pytorch-AdaIN)",
                model="adain",
                files={
                    "decoder": ("1.weight", "5.weight", "8.weight", "11.weight", "14.weight", "18.weight", "28.weight"),
                    "vgg": ("0.weight", "2.weight", "9.weight", "12.weight", "16.weight", "19.weight", "29.weight"),
                },
                target="ganzoo_plugins.adain.published:of_adain",
            ),
        ),
    )
    yield PartSpec(
        kind="generator",
        name="feature-painter",
        target="ganzoo_plugins.adain.networks:FeaturePainter",
        options=FeaturePainterOptions,
        summary="paints a photo from frozen pretrained features of it, so that little is left to learn",
        paper="1505.04597",
        task="translate",
        tiny={"width": 4},
    )
