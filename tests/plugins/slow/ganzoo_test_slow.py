"""Works, but takes its time to be imported."""

import time
from collections.abc import Iterable

from ganzoo import AdversarialOptions, ModelSpec, hookimpl

time.sleep(0.7)


@hookimpl
def ganzoo_models() -> Iterable[ModelSpec]:
    yield ModelSpec(
        name="slow-gan",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        summary="a model that comes late",
    )
