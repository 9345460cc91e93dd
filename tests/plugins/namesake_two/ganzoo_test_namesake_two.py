"""Has the name of another plugin, namesake_one, which comes from another distribution."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="younger",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="the younger of two namesakes",
    )
