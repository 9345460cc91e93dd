"""Works, but prints when it is imported and when it is asked."""

from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl

print("chatty says hello")


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    print("chatty has a model")
    yield ModelSpec(
        name="chatty-gan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="a model that talks",
    )
