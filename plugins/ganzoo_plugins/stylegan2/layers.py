"""Layers with equalised learning rates (Karras et al., arXiv 1710.10196, section 4.1), and modulated ones."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_SLOPE = 0.2


def activate(values: Tensor) -> Tensor:
    """Leaky ReLU with the gain that keeps the variance."""
    return functional.leaky_relu(values, _SLOPE) * math.sqrt(2)


class EqualLinear(nn.Module):
    """B I -> B O; weights are stored at unit variance and scaled when used. `rate` slows learning down.

    `bias` is what it starts at; None for a layer without.
    """

    def __init__(self, before: int, after: int, *, rate: float = 1.0, bias: float | None = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before) / rate)
        self.bias = None if bias is None else nn.Parameter(torch.full((after,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(before), rate

    def forward(self, values: Tensor) -> Tensor:
        """The linear map."""
        bias = None if self.bias is None else self.bias * self.rate
        return functional.linear(values, self.weight * self.scale, bias)


class EqualConv(nn.Module):
    """B I H W -> B O H W; as `EqualLinear`."""

    def __init__(self, before: int, after: int, side: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, side, side))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None
        self.scale, self.padding = 1 / math.sqrt(before * side * side), side // 2

    def forward(self, maps: Tensor) -> Tensor:
        """The convolution."""
        return functional.conv2d(maps, self.weight * self.scale, self.bias, padding=self.padding)


class ModulatedConv(nn.Module):
    """A convolution whose input channels a style weighs, and whose output is brought to unit variance again.

    Scaling maps before and after one ordinary convolution gives what the paper's own weights for each image give
    (section 2.2), and is fast without groups or kernels of its own.
    """

    def __init__(self, before: int, after: int, side: int, latent: int, *, demodulate: bool = True) -> None:
        super().__init__()
        self.style = EqualLinear(latent, before, bias=1.0)
        self.weight = nn.Parameter(torch.randn(after, before, side, side))
        self.bias = nn.Parameter(torch.zeros(after))
        self.scale, self.padding = 1 / math.sqrt(before * side * side), side // 2
        self.demodulate = demodulate

    def forward(self, maps: Tensor, style: Tensor) -> Tensor:
        """Maps B I H W, style vectors B W -> B O H W."""
        weights, weight = self.style(style), self.weight * self.scale
        made = functional.conv2d(maps * weights[:, :, None, None], weight, padding=self.padding)
        if self.demodulate:
            energy = weights.square() @ weight.square().sum((2, 3)).t()
            made = made * (energy + 1e-8).rsqrt()[:, :, None, None]
        return made + self.bias[:, None, None]


def channels_at(side: int, width: int, widest: int) -> int:
    """Channels of maps of that side: `width` at 64 px, doubled with each halving, `widest` at most."""
    return max(min(width * 64 // side, widest), 1)
