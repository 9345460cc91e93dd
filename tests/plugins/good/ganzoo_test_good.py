"""Nothing is wrong with this one; its targets are never imported by commands that only list."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import AdversarialTranslatorOptions, ModelSpec, Options, PartChoice, PartSpec, hookimpl, part


class GoodOptions(AdversarialTranslatorOptions):
    """Options of `good-gan`."""

    loss: PartChoice = part("loss", "good-loss", "the adversarial game", margin=2.0)
    charm: float = Field(0.5, ge=0, le=1, description="how charming the pictures are")


class GoodLossOptions(Options):
    """Options of `good-loss`."""

    margin: float = Field(1.0, gt=0, le=10, description="distance at which a score is good enough")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="good-gan",
        target="ganzoo_test_good_recipe_never_imported:GoodGAN",
        options=GoodOptions,
        summary="a model from outside",
        task="translate",
        paper="1234.56789",
        license="MIT",
        tiny={"budget": "2steps"},
    )


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    yield PartSpec(
        kind="loss",
        name="good-loss",
        target="ganzoo_test_good_recipe_never_imported:GoodLoss",
        options=GoodLossOptions,
        summary="a loss from outside",
    )
