"""fast-style: one painting is enough to learn its colours and strokes."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import ModelSpec, PartChoice, TranslatorOptions, hookimpl, named_parts, part

PAPER = "1603.08155"


class FastStyleOptions(TranslatorOptions):
    """Options of `fast-style`."""

    generator: PartChoice = part("generator", "resnet", "network that paints a photo", width=32, blocks=5, kernel=9)
    features: PartChoice = part(
        "encoder", "lite0", "frozen network whose features are compared; vgg19: slower", least=0
    )
    first: int = Field(0, ge=0, le=15, description="finest stage of its features whose texture is learnt")
    last: int = Field(3, ge=0, le=15, description="coarsest stage whose texture is learnt; each halves the size")
    content: int = Field(2, ge=0, le=15, description="stage that keeps what the photo shows")
    content_weight: float = Field(3.0, ge=0, le=1e4, description="weight of keeping it")
    style_weight: float = Field(2.0, ge=0, le=1e4, description="weight of the painting's texture")
    variation: float = Field(0.01, ge=0, le=1e4, description="weight of the total variation, against grain")
    extra: str = named_parts("term", "terms added to the loss, such as temporal,color")
    lr: float = Field(1e-3, gt=0, le=1, description="learning rate")
    decay_from: float = Field(
        0.5, ge=0, le=1, description="share of the budget after which the rate falls linearly to 0; 1 is never"
    )


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The model `fast-style`."""
    yield ModelSpec(
        name="fast-style",
        target="ganzoo_plugins.fast_style.model:FastStyle",
        options=FastStyleOptions,
        defaults={"batch": 4},
        summary="learns from one painting: --style painting.jpg",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"last": 2},
    )
