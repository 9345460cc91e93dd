"""scene-style: a conditional GAN that draws natural scenes in named styles, one folder of pictures for each."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, PartChoice, hookimpl, part


class SceneStyleOptions(AdversarialOptions):
    """The settings of Projected GAN, whose two networks take labels."""

    ema_kimg: float = Field(
        20.0, ge=0, le=10_000, description="half-life of the averaged weights, in thousands of images; 0 is off"
    )
    generator: PartChoice = part("generator", "fastgan", "network that draws an image from a latent and a style")
    discriminator: PartChoice = part("discriminator", "projected", "network that scores an image as one of its style")
    loss: PartChoice = part("loss", "hinge", "the adversarial game")
    augment: PartChoice = part("augmentation", "diffaug", "what the discriminator sees, real and fake alike")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's (RMSProp's) decay of the mean squared gradient")
    balance: bool = Field(True, description="whether each style comes equally often, however many pictures it has")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `scene-style`."""
    yield ModelSpec(
        name="scene-style",
        target="ganzoo_plugins.scene_style.model:SceneStyle",
        options=SceneStyleOptions,
        summary="draws scenes in a named style: photo, monet, autumn, night; one folder for each",
        paper="1802.05637",
        license="Apache-2.0",
        tiny={"generator.width": 4, "discriminator.width": 8, "generator.latent": 16, "size": "16", "batch": 8,
              "budget": "20steps", "data.count": 64},
    )  # fmt: skip
