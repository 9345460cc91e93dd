"""scene-style: a conditional GAN that draws natural scenes in named styles, one folder of pictures for each."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialOptions, ModelSpec, hookimpl


class SceneStyleOptions(AdversarialOptions):
    """Options of `scene-style`."""

    balance: bool = Field(True, description="whether each style comes equally often, however many pictures it has")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `scene-style`."""
    yield ModelSpec(
        name="scene-style",
        target="ganzoo_plugins.scene_style.model:SceneStyle",
        options=SceneStyleOptions,
        # Those of Projected GAN, whose two networks take labels.
        defaults={
            "ema_kimg": 20.0,
            "generator": "fastgan",
            "discriminator": "projected",
            "loss": "hinge",
            "augment": "diffaug",
            "beta1": 0.0,
            "beta2": 0.99,
        },
        summary="draws scenes in a named style: photo, monet, autumn, night; one folder for each",
        paper="1802.05637",
        license="Apache-2.0",
    )
