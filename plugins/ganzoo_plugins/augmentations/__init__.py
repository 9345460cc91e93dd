"""Augmentations: `scene` for photos as they are drawn, `diffaug` and `ada` for what the discriminator sees."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class SceneOptions(Options):
    """Options of `scene`; the chances are those of one image to be changed in that way."""

    flip: float = Field(0.5, ge=0, le=1, description="chance of a mirrored image")
    zoom: float = Field(1.2, ge=1, le=4, description="largest factor by which a crop is closer than the whole image")
    perspective: float = Field(
        0.08, ge=0, le=0.5, description="how far corners move inwards, as a part of the side; 0 is off"
    )
    light: float = Field(0.3, ge=0, le=1, description="chance of light of another colour temperature (2012.08877)")
    color: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="change of brightness, contrast and saturation, and of hue a fifth of it; 0 is off",
    )
    fog: float = Field(0.04, ge=0, le=1, description="chance of fog")
    rain: float = Field(0.04, ge=0, le=1, description="chance of rain")
    snow: float = Field(0.04, ge=0, le=1, description="chance of falling snow; one weather at most comes over an image")


class DiffAugmentOptions(Options):
    """Options of `diffaug`; the defaults are the paper's."""

    color: float = Field(
        1.0, ge=0, le=1, description="strength of the change of brightness, saturation and contrast; 0 is off"
    )
    translation: float = Field(0.125, ge=0, le=0.5, description="farthest move, as a part of the side; 0 is off")
    cutout: float = Field(0.5, ge=0, le=1, description="side of the square cut out, as a part of the side; 0 is off")


class ADAOptions(Options):
    """Options of `ada`; the defaults are the paper's."""

    p: float = Field(0.0, ge=0, le=1, description="probability of each change at the start; it adapts from there")
    target: float = Field(0.6, ge=-1, le=1, description="mean sign of the scores of real images to be held")
    speed: float = Field(500.0, gt=0, le=1e6, description="thousands of images in which p can go from 0 to 1")
    interval: int = Field(4, ge=1, le=10_000, description="discriminator steps between two changes of p")
    blit: bool = Field(True, description="flips, quarter turns and moves by whole pixels")
    geometry: bool = Field(True, description="scaling, rotation, stretching and moves by parts of a pixel")
    color: bool = Field(True, description="brightness, contrast, luma flip, hue and saturation")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The augmentations `none`, `scene`, `diffaug` and `ada`."""
    yield PartSpec(
        kind="augmentation",
        name="none",
        target="ganzoo.model:NoAugmentation",
        options=Options,
        summary="images as they are",
    )
    yield PartSpec(
        kind="augmentation",
        name="scene",
        target="ganzoo_plugins.augmentations.scene:Scene",
        options=SceneOptions,
        summary="another view, light and weather of the same scene; for data",
    )
    yield PartSpec(
        kind="augmentation",
        name="diffaug",
        target="ganzoo_plugins.augmentations.diffaug:DiffAugment",
        options=DiffAugmentOptions,
        summary="differentiable colour, translation and cutout for the discriminator; for small sets",
        paper="2006.10738",
    )
    yield PartSpec(
        kind="augmentation",
        name="ada",
        target="ganzoo_plugins.augmentations.ada:ADA",
        options=ADAOptions,
        summary="changes for the discriminator, as many as it overfits; for small sets and scores that are logits",
        paper="2006.06676",
    )
