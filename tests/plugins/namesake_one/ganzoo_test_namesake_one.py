"""Has the name of another plugin, namesake_two, which comes from another distribution."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="elder",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="the elder of two namesakes",
    )
