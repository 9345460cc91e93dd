"""Declares the model `twin`, as clash_two does."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="twin",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="the first twin",
    )
