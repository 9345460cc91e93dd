"""Which stages of an encoder are used."""

from typing import TYPE_CHECKING

from ganzoo import UsageError
from ganzoo.encoders import Encoder

if TYPE_CHECKING:
    from ganzoo_plugins.perceptual import EncoderOptions


def stages(encoder: Encoder, options: "EncoderOptions") -> range:
    """Numbers of the stages, finest first. Raises UsageError where the encoder has no such stage."""
    there = len(encoder.strides)
    if not options.first <= options.last < there:
        raise UsageError(
            f"first={options.first}, last={options.last}: encoder '{encoder.name}' has stages 0 to {there - 1}"
        )
    return range(options.first, options.last + 1)
