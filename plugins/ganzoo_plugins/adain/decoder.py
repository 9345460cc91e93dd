"""The decoder from the features of a frozen encoder to maps at full size."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from ganzoo import UsageError
from ganzoo.encoders import Encoder


def check_stages(encoder: Encoder, count: int) -> None:
    """Raises UsageError for an encoder with fewer stages, or with one that does not halve the size."""
    if count > len(encoder.strides):
        raise UsageError(f"generator.stages={count}: encoder '{encoder.name}' has {len(encoder.strides)}")
    found = tuple(encoder.strides[:count])
    if found != tuple(2 << stage for stage in range(count)):
        raise UsageError(
            f"encoder '{encoder.name}' has stages at 1/{', 1/'.join(map(str, found))} of the size, and the decoder"
            " needs ones that halve it each time from 1/2 on: lite0 and vgg19 have them"
        )


def decoder(channels: Sequence[int], width: int, *, skips: bool, up: Literal["nearest", "blur"]) -> nn.ModuleList:
    """A level for each stage with so many channels, coarsest first; it ends with `width` channels at full size.

    With `skips`, each level also receives the features of its stage.
    """
    levels = nn.ModuleList()
    for level in reversed(range(len(channels))):
        coarsest = level == len(channels) - 1
        before = (channels[level] if coarsest or skips else 0) + (0 if coarsest else width << level)
        levels.append(_level(before, width << max(level - 1, 0), up))
    return levels


def decoded(levels: nn.ModuleList, features: Sequence[Tensor], *, skips: bool) -> Tensor:
    """Features B C h w, finest first -> B width H W."""
    values = levels[0](features[-1])
    for layer, own in zip(levels[1:], reversed(features[:-1]), strict=True):
        values = layer(torch.cat([values, own], dim=1) if skips else values)
    result: Tensor = values
    return result


def _level(before: int, after: int, up: Literal["nearest", "blur"]) -> nn.Module:
    """The layers from the size of one stage to twice that."""
    # Bilinear doubling is a blur with the kernel 1 3 3 1.
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, padding_mode="reflect"),
        nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear" if up == "blur" else "nearest"),
        nn.Conv2d(after, after, 3, padding=1, padding_mode="reflect"),
        nn.ReLU(),
    )
