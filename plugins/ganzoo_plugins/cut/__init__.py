"""CUT and FastCUT: each patch of the painting must be recognisable as a patch of the photo."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, hookimpl

PAPER = "2007.15651"
DEFAULTS = {"batch": 1, "generator.init": "xavier", "generator.down": "blur", "discriminator.blur": True}
FAST = {"nce": 10.0, "nce_identity": False, "flip": True, "decay_from": 0.75}


class CUTOptions(AdversarialTranslatorOptions):
    """Options of `cut` and `fastcut`; images are enlarged by resize-convolutions, where the paper blurs."""

    nce: float = Field(1.0, ge=0, le=1e4, description="weight of the contrast between patches")
    nce_identity: bool = Field(True, description="the same contrast for paintings, which should not change")
    patches: int = Field(256, ge=2, le=65536, description="places of an image that are compared")
    temperature: float = Field(0.07, gt=0, le=10, description="divides the similarity of two patches")
    projection: int = Field(256, ge=1, le=4096, description="length of the vectors that are compared")
    flip: bool = Field(False, description="mirrors half of the photos; the paintings must be mirrored too")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    """The models `cut` and `fastcut`."""
    yield ModelSpec(
        name="cut",
        target="ganzoo_plugins.cut.model:CUT",
        options=CUTOptions,
        defaults=DEFAULTS,
        summary="paints photos without a way back: each patch must stay recognisable",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"patches": 16},
        bf16=True,
    )
    yield ModelSpec(
        name="fastcut",
        target="ganzoo_plugins.cut.model:CUT",
        options=CUTOptions,
        defaults={**DEFAULTS, **FAST},
        summary="CUT without the pass over paintings: half the time, content kept more strictly",
        task="translate",
        paper=PAPER,
        license="Apache-2.0",
        tiny={"patches": 16},
        bf16=True,
    )
