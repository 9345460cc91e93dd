"""Norm statistics that all tiles of an image share, so that no seam shows where two tiles meet.

Instance and group norms look at the whole of what they are given. A tile is only a part of the image, and would be
normalised by itself; so the statistics come from tiles all over the image at once, and are then held.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

_BORDER = 8
"""Part of a tile's side that is left out on either side when statistics are gathered: an eighth."""
Norm = nn.InstanceNorm2d | nn.GroupNorm
Statistics = dict[nn.Module, tuple[Tensor, Tensor]]
"""Mean and variance, a number for each group of channels, of each norm."""


@contextmanager
def gathered(network: nn.Module) -> Iterator[Statistics]:
    """While the block runs, a batch of tiles is normalised as if it were one image; what was found is kept."""
    found: Statistics = {}

    def gather(norm: Norm, values: Tensor) -> Tensor:
        grouped = _grouped(norm, _middle(values))
        found[norm] = (grouped.mean((0, 2)), grouped.var((0, 2), correction=0))
        return _normalised(norm, values, found[norm])

    with _instead(network, gather):
        yield found


@contextmanager
def held(network: nn.Module, statistics: Statistics) -> Iterator[None]:
    """While the block runs, norms use these statistics whatever they are given."""
    with _instead(network, lambda norm, values: _normalised(norm, values, statistics[norm])):
        yield


def norms_in(network: nn.Module) -> list[Norm]:
    """Norms whose result depends on the whole image; batch norms have fixed statistics when a model is used."""
    return [
        module
        for module in network.modules()
        if isinstance(module, nn.GroupNorm)
        or (isinstance(module, nn.InstanceNorm2d) and not module.track_running_stats)
    ]


@contextmanager
def _instead(network: nn.Module, compute: Callable[[Norm, Tensor], Tensor]) -> Iterator[None]:
    norms = norms_in(network)
    for norm in norms:
        setattr(norm, "forward", partial(compute, norm))  # noqa: B010  # a method, for a while
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _middle(values: Tensor) -> Tensor:
    """Without the border, where a tile has been continued by its mirror image instead of by its neighbours."""
    top, left = (side // _BORDER if side >= 2 * _BORDER else 0 for side in values.shape[2:])
    return values[:, :, top : values.shape[2] - top, left : values.shape[3] - left]


def _groups(norm: Norm, channels: int) -> int:
    return norm.num_groups if isinstance(norm, nn.GroupNorm) else channels


def _grouped(norm: Norm, values: Tensor) -> Tensor:
    """B C H W -> B groups N."""
    return values.float().reshape(len(values), _groups(norm, values.shape[1]), -1)


def _normalised(norm: Norm, values: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
    channels = values.shape[1]
    each = channels // _groups(norm, channels)
    mean, variance = (one.repeat_interleave(each) for one in statistics)
    scale = torch.rsqrt(variance + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight
    shift = -mean * scale + (norm.bias if norm.bias is not None else 0)
    return torch.addcmul(shift.view(1, -1, 1, 1), values, scale.view(1, -1, 1, 1))
