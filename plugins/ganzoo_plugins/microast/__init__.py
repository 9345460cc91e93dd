"""MicroAST: a network of a megabyte paints like any painting, chosen when the model is used."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, Format, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "2211.15313"
_ENCODER = ("enc1.0.conv_layer.weight", "enc1.10.conv1.conv_layer.weight", "enc2.0.conv1.conv_layer.weight")


class MicroASTOptions(AdversarialTranslatorOptions):
    """Options of `microast`: the paper's losses, with a critic beside them."""

    features: PartChoice = part(
        "encoder", "lite0", "frozen network by which paintings are compared; vgg19: slower", least=0
    )
    first: int = Field(0, ge=0, le=15, description="finest stage of its features that is used")
    last: int = Field(3, ge=0, le=15, description="coarsest stage that is used, where content is compared as well")
    content_weight: float = Field(1.0, ge=0, le=1e4, description="weight of keeping what the photo shows")
    style_weight: float = Field(3.0, ge=0, le=1e4, description="weight of mean and spread of the painting's features")
    contrast_weight: float = Field(
        3.0, ge=0, le=1e4, description="weight of what tells the styles of a batch's paintings apart"
    )


class MicroGeneratorOptions(Options):
    """Options of the generator `microast`."""

    width: int = Field(16, ge=1, le=256, description="channels at full size; 4 times as many at a quarter of it")
    residual: bool = Field(False, description="adds its output to the photo, so that training starts near the photo")
    soften: int = Field(0, ge=0, le=2, description="halvings that blur the photo it adds to, so detail is painted anew")
    unbiased: bool = Field(
        False, description="divides variances by one place less, as the authors' code does; seen in small pictures only"
    )
    weights: str = Field(
        "", description="folder with the four published files, converted by ganzoo import-weights, to start from"
    )


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `microast`."""
    yield ModelSpec(
        name="microast",
        target="ganzoo_plugins.microast.model:MicroAST",
        options=MicroASTOptions,
        defaults={"batch": 8, "generator": "microast", "adversarial": 0.1, "lr": 1e-4},
        summary="paints like any painting you give it, with a network of a megabyte",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"last": 2},
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its generator."""
    yield PartSpec(
        kind="generator",
        name="microast",
        target="ganzoo_plugins.microast.networks:MicroGenerator",
        options=MicroGeneratorOptions,
        summary="two micro encoders, a micro decoder whose convolutions the painting modulates",
        paper=PAPER,
        task="translate",
        tiny={"width": 4},
        formats=(
            Format(
                name="MicroAST (EndyWon/MicroAST)",
                model="microast",
                files={
                    "content_encoder": _ENCODER,
                    "style_encoder": _ENCODER,
                    "modulator": ("weight1.0.conv_layer.weight", "bias2.0.conv_layer.weight"),
                    "decoder": ("dec1.conv1.conv_layer.weight", "dec3.10.conv_layer.weight"),
                },
                target="ganzoo_plugins.microast.published:of_microast",
            ),
        ),
    )
