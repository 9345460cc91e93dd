"""Norm statistics that all tiles of an image share, so that no seam shows where two tiles meet.

Instance and group norms use the statistics of all that they receive. A tile would be normalised by itself, not as a
part of its image. So the statistics are gathered from tiles all over the image at once, and then held for each tile.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

_BORDER = 8
"""An eighth of a tile's side is left out at each border when statistics are gathered."""
Norm = nn.InstanceNorm2d | nn.GroupNorm
Statistics = dict[nn.Module, tuple[Tensor, Tensor]]
"""Mean and variance of each norm, with one number for each group of channels."""


@contextmanager
def gathered(network: nn.Module) -> Iterator[Statistics]:
    """Normalises a batch of tiles as if it were one image while the block runs, and keeps the statistics."""
    found: Statistics = {}

    def gather(norm: Norm, values: Tensor) -> Tensor:
        grouped = _grouped(norm, _middle(values))
        found[norm] = (grouped.mean((0, 2)), grouped.var((0, 2), correction=0))
        return _normalised(norm, values, found[norm])

    with _instead(network, gather):
        yield found


@contextmanager
def held(network: nn.Module, statistics: Statistics) -> Iterator[None]:
    """Makes norms use these statistics while the block runs, whatever they receive."""
    with _instead(network, lambda norm, values: _normalised(norm, values, statistics[norm])):
        yield


def norms_in(network: nn.Module) -> list[Norm]:
    """The norms whose result depends on the whole image. Batch norms have fixed statistics in evaluation mode."""
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
        setattr(norm, "forward", partial(compute, norm))  # noqa: B010  # replaces the method while the block runs
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _middle(values: Tensor) -> Tensor:
    """Cuts off the border, where padding has stood in for the tile's neighbours."""
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
