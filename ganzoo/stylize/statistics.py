"""Norm statistics that all tiles of an image share, so that no seam shows where two tiles meet.

Instance and group norms use the statistics of all that they receive. A tile would be normalised by itself, not as a
part of its image. So the statistics are gathered from tiles all over the image at once, and then held for each tile.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from ganzoo.stylize.quick import convolutions_before, replaced

_BORDER = 8
"""An eighth of a tile's side is left out at each border when statistics are gathered."""
_PLENTY = 128
"""So many rows and columns of a larger map are enough for its statistics."""
Norm = nn.InstanceNorm2d | nn.GroupNorm
Statistics = dict[Norm, tuple[Tensor, Tensor]]
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
    """Makes norms use these statistics while the block runs, whatever they receive.

    With fixed statistics a norm only scales and shifts, so it becomes part of the convolution before it, if there is
    one.
    """
    convolutions = convolutions_before(statistics, network)

    def normalised(norm: Norm, values: Tensor) -> Tensor:
        return values if norm in convolutions else _normalised(norm, values, statistics[norm])

    with _instead(network, normalised), ExitStack() as stack:
        for norm in statistics.keys() & convolutions.keys():
            conv = convolutions[norm]
            scale, shift = _scale_and_shift(norm, conv.out_channels, statistics[norm])
            bias = shift if conv.bias is None else conv.bias * scale + shift
            folded = (conv.weight * scale.view(-1, 1, 1, 1), bias)
            stack.enter_context(replaced(conv, "forward", partial(_with, folded=folded)))
        yield


@contextmanager
def measured(network: nn.Module) -> Iterator[None]:
    """Makes norms use the statistics of what they receive, as always, in a way that is fast in any memory order."""
    with _instead(network, lambda norm, values: _normalised(norm, values, _statistics_of(norm, values))):
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
    with ExitStack() as stack:
        for norm in norms_in(network):
            stack.enter_context(replaced(norm, "forward", compute))
        yield


def _middle(values: Tensor) -> Tensor:
    """Cuts off the border, where padding has stood in for the tile's neighbours."""
    top, left = (side // _BORDER if side >= 2 * _BORDER else 0 for side in values.shape[2:])
    return values[:, :, top : values.shape[2] - top, left : values.shape[3] - left]


def _groups(norm: Norm, channels: int) -> int:
    return norm.num_groups if isinstance(norm, nn.GroupNorm) else channels


def _grouped(norm: Norm, values: Tensor) -> Tensor:
    """B C H W -> B groups N."""
    return values.float().reshape(len(values), _groups(norm, values.shape[1]), -1)


def _statistics_of(norm: Norm, values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of one image, B = 1; of large maps, those of pixels in a regular grid, which say the same.

    Its step is odd. A layer that enlarges by two leaves a pattern of two pixels, of which an even step sees one half.
    """
    step = max(1, min(values.shape[2:]) // _PLENTY)
    step -= 1 - step % 2
    variance, mean = torch.var_mean(values[:, :, ::step, ::step].float(), (2, 3), correction=0)
    groups = _groups(norm, values.shape[1])
    if groups == values.shape[1]:
        return mean[0], variance[0]
    each, squares = mean.view(groups, -1), (variance + mean.square()).view(groups, -1)
    return each.mean(1), squares.mean(1) - each.mean(1).square()


def _scale_and_shift(norm: Norm, channels: int, statistics: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    each = channels // _groups(norm, channels)
    mean, variance = (one.repeat_interleave(each) for one in statistics)
    scale = torch.rsqrt(variance + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight
    return scale, -mean * scale + (norm.bias if norm.bias is not None else 0)


def _normalised(norm: Norm, values: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
    scale, shift = (one.to(values.dtype) for one in _scale_and_shift(norm, values.shape[1], statistics))
    return torch.addcmul(shift.view(1, -1, 1, 1), values, scale.view(1, -1, 1, 1))


def _with(conv: nn.Conv2d, values: Tensor, *, folded: tuple[Tensor, Tensor]) -> Tensor:
    """The convolution with other weights and biases."""
    result: Tensor = conv._conv_forward(values, *folded)
    return result
