"""Takes the name of a built-in model, which is reserved."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="dcgan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="not the DCGAN you are looking for",
    )
