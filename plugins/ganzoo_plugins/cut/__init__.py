"""CUT and FastCUT: patches of the painting must tell which patch of the photo they come from."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, PartChoice, hookimpl, part

PAPER = "2007.15651"
TINY = {"generator.width": 4, "generator.blocks": 1, "discriminator.width": 4, "size": "16", "batch": 4,
        "patches": 16, "budget": "10steps", "data.count": 64, "style.count": 64}  # fmt: skip


class CUTOptions(AdversarialTranslatorOptions):
    """The paper's settings, with resize-convolutions where the paper blurs."""

    batch: int = Field(1, ge=1, le=65536, description="images a step draws from either side")
    generator: PartChoice = part("generator", "resnet", "network that paints a photo", init="xavier", down="blur")
    discriminator: PartChoice = part("discriminator", "patch", "network that scores a painting", blur=True)
    nce: float = Field(1.0, ge=0, le=1e4, description="weight of the contrast between patches")
    nce_identity: bool = Field(True, description="the same contrast for paintings, which are to stay as they are")
    patches: int = Field(256, ge=2, le=65536, description="places of an image that are compared")
    temperature: float = Field(0.07, gt=0, le=10, description="divides the similarity of two patches")
    projection: int = Field(256, ge=1, le=4096, description="length of the vectors that are compared")
    flip: bool = Field(False, description="half of the time the photo is mirrored, and the painting must be so too")


class FastCUTOptions(CUTOptions):
    """The lighter variant: a stronger contrast, but none for paintings."""

    nce: float = Field(10.0, ge=0, le=1e4, description="weight of the contrast between patches")
    nce_identity: bool = Field(False, description="the same contrast for paintings, which are to stay as they are")
    flip: bool = Field(True, description="half of the time the photo is mirrored, and the painting must be so too")
    decay_from: float = Field(
        0.75, ge=0, le=1, description="part of the budget after which rates fall to 0 in a line; 1 is never"
    )


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The models `cut` and `fastcut`."""
    yield ModelSpec(
        name="cut",
        target="ganzoo_plugins.cut.model:CUT",
        options=CUTOptions,
        summary="paints photos one way only: each patch must stay recognisable among the others",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny=TINY,
    )
    yield ModelSpec(
        name="fastcut",
        target="ganzoo_plugins.cut.model:CUT",
        options=FastCUTOptions,
        summary="CUT without the pass over paintings: half the time, content held more firmly",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny=TINY,
    )
