"""scene-anime: photos as backgrounds of animated films, by the recipe of AnimeGANv2, written from its description."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part

PAPER = "10.1007/978-981-15-5577-0_18"


class SceneAnimeOptions(AdversarialTranslatorOptions):
    """Options of `scene-anime`: the weights of the style Hayao, which suit most."""

    features: PartChoice = part("encoder", "lite0", "network whose features are compared", least=0)
    stage: int = Field(2, ge=0, le=15, description="stage of its features; 2 is at an eighth of the size")
    warm_up: float = Field(0.1, ge=0, le=1, description="part of the budget in which only content is learnt")
    warm_up_rate: float = Field(10.0, gt=0, le=1000, description="how many times faster it is learnt then")
    content_weight: float = Field(1.5, ge=0, le=1e4, description="weight of keeping the photo's features")
    gram: float = Field(2.5, ge=0, le=1e4, description="weight of the texture of the grey pictures")
    color_weight: float = Field(15.0, ge=0, le=1e4, description="weight of keeping the photo's colours")
    variation: float = Field(1.0, ge=0, le=1e4, description="weight of the total variation")
    grey: float = Field(1.2, ge=0, le=100, description="weight of grey pictures among what the critic must reject")
    smooth: float = Field(0.8, ge=0, le=100, description="weight of pictures with blurred edges among it")


class AnimeGeneratorOptions(Options):
    """Options of the generator `anime`."""

    width: int = Field(32, ge=1, le=512, description="channels at full size; 8 times as many at most")
    blocks: int = Field(4, ge=1, le=32, description="inverted residual blocks at a quarter of the size")
    residual: bool = Field(
        False, description="adds its output to the photo, so that training starts with photos left as they are"
    )


class AnimeDiscriminatorOptions(Options):
    """Options of the discriminator `anime`."""

    width: int = Field(32, ge=1, le=512, description="channels of the first layer")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `scene-anime`."""
    yield ModelSpec(
        name="scene-anime",
        target="ganzoo_plugins.scene_anime.model:SceneAnime",
        options=SceneAnimeOptions,
        defaults={
            "batch": 12,
            "generator": "anime",
            "discriminator": "anime",
            "adversarial": 300.0,
            "lr": 2e-5,
            "lr_discriminator": 4e-5,
        },
        summary="turns photos into drawn backgrounds: clear edges, flat areas, the photo's colours",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"lr": 2e-4},
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """Its two networks."""
    yield PartSpec(
        kind="generator",
        name="anime",
        target="ganzoo_plugins.scene_anime.networks:AnimeGenerator",
        options=AnimeGeneratorOptions,
        summary="small, with inverted residual blocks and layer norm, which leaves no spots",
        paper=PAPER,
        task="translate",
        tiny={"width": 4, "blocks": 1},
    )
    yield PartSpec(
        kind="discriminator",
        name="anime",
        target="ganzoo_plugins.scene_anime.networks:AnimeDiscriminator",
        options=AnimeDiscriminatorOptions,
        summary="a score for each patch, spectral norm",
        paper=PAPER,
        tiny={"width": 4},
    )
