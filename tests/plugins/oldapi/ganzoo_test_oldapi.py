"""Declares its model for an interface of the past."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="old-gan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="a model for api 0",
        api=0,
    )
