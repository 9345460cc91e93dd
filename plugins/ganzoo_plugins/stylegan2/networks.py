"""The networks of StyleGAN2 (Karras et al., arXiv 1912.04958), without noise inputs, and the layers they are made of.

Layers have equalised learning rates (Karras et al., arXiv 1710.10196, section 4.1).
"""

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.layers import LabelTable, stages
from ganzoo.model import Discriminator, Generator
from ganzoo.translator import within_range

if TYPE_CHECKING:
    from ganzoo_plugins.stylegan2 import DiscriminatorOptions, GeneratorOptions

_SLOPE = 0.2
_MAPPING_RATE = 0.01
_MEAN_RATE = 0.01


class StyleGAN2Generator(Generator):
    """Latent B D, labels B A or mixtures B V -> B 3 H W: `synthesis(mapping(latent, label))`.

    No noise is added to the maps: every pixel follows from the latent, so that walks don't flicker.
    """

    styled = True
    mean_style: Tensor

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        self.conditional = options.labels and bool(shape.attributes)
        self.table = LabelTable(shape.attributes, options.latent, spread=1.0) if self.conditional else None
        inputs = [options.latent * (2 if self.conditional else 1)] + [options.latent] * (options.depth - 1)
        self.layers = nn.ModuleList(EqualLinear(before, options.latent, rate=_MAPPING_RATE) for before in inputs)
        self.register_buffer("mean_style", torch.zeros(options.latent))
        count, height, width = stages(shape)
        channels = [
            channels_at(min(height, width) << level, options.width, options.widest) for level in range(count + 1)
        ]
        self.start = nn.Parameter(torch.randn(channels[0], height, width))
        self.blocks = nn.ModuleList(
            _UpBlock(channels[max(level - 1, 0)], channels[level], shape.channels, options.latent, enlarge=level > 0)
            for level in range(count + 1)
        )

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        style = self.mapping(latent, label)
        if self.training:
            with torch.no_grad():
                self.mean_style.lerp_(style.mean(0).to(self.mean_style.dtype), _MEAN_RATE)
        return self.synthesis(style)

    def mapping(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Latents B D -> style vectors B D, moved towards their mean by `truncation`."""
        values = _with_unit_mean_square(latent)
        if self.table is not None:
            wanted = torch.zeros_like(latent) if label is None else self.table(label).to(latent.dtype)
            values = torch.cat([values, _with_unit_mean_square(wanted)], dim=1)
        for layer in self.layers:
            values = activate(layer(values))
        return values if self.truncation == 1 else torch.lerp(self.mean_style, values, self.truncation)

    def synthesis(self, style: Tensor) -> Tensor:
        """Style vectors B D -> images B 3 H W in [-1, 1]."""
        return within_range(self.unbounded(style))

    def unbounded(self, style: Tensor) -> Tensor:
        """The same before clamping, so that slopes are those of the network alone."""
        maps = self.start.expand(len(style), *self.start.shape).contiguous(memory_format=torch.channels_last)
        images: Tensor | None = None
        for block in self.blocks:
            maps, drawn = block(maps, style)
            images = drawn if images is None else drawn + _enlarged(images)
        assert images is not None
        return images / math.sqrt(len(self.blocks))  # sums of as many layers of unit variance


class _UpBlock(nn.Module):
    """The layers of one size: one or two modulated convolutions, and what they add to the image."""

    def __init__(self, before: int, after: int, colours: int, latent: int, *, enlarge: bool) -> None:
        super().__init__()
        self.first = ModulatedConv(before, after, 3, latent) if enlarge else None
        self.second = ModulatedConv(after, after, 3, latent)
        self.colour = ModulatedConv(after, colours, 1, latent, demodulate=False)

    def forward(self, maps: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        if self.first is not None:
            maps = activate(self.first(_enlarged(maps), style))
        maps = activate(self.second(maps, style))
        return maps, self.colour(maps, style)


def _enlarged(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0, mode="bilinear")


def _with_unit_mean_square(values: Tensor) -> Tensor:
    return values * (values.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class StyleGAN2Discriminator(Discriminator):
    """Images B 3 H W, labels B A -> one score an image, B."""

    def __init__(self, options: "DiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, height, width = stages(shape)
        sides = [min(height, width) << level for level in reversed(range(count + 1))]
        channels = [channels_at(side, options.width, options.widest) for side in sides]
        self.start = EqualConv(shape.channels, channels[0], 1)
        self.blocks = nn.Sequential(*(_DownBlock(*pair) for pair in itertools.pairwise(channels)))
        last = channels[-1]
        self.group = options.group
        self.mix = EqualConv(last + (options.group > 1), last, 3)
        self.gather = EqualLinear(last * height * width, last)
        # Losses that only compare scores can't train a bias of the last layer.
        self.score = EqualLinear(last, 1, bias=None)
        self.conditional = options.labels and bool(shape.attributes)
        self.table = LabelTable(shape.attributes, last, spread=1 / math.sqrt(last)) if self.conditional else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, plus how well the image fits them."""
        maps = self.blocks(activate(self.start(images)))
        if self.group > 1:
            maps = torch.cat([maps, _spread(maps, self.group)], dim=1)
        maps = activate(self.mix(maps))
        features = activate(self.gather(maps.flatten(1)))
        scores: Tensor = self.score(features)[:, 0]
        if self.table is not None and label is not None:
            scores = scores + (self.table(label) * features).sum(1)
        return scores


class _DownBlock(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.inner = nn.ModuleList([EqualConv(before, before, 3), EqualConv(before, after, 3)])
        self.shortcut = EqualConv(before, after, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        # Halving before the second convolution instead of after it takes a quarter of the work.
        inner = functional.avg_pool2d(activate(self.inner[0](maps)), 2)
        changed: Tensor = activate(self.inner[1](inner)) + self.shortcut(functional.avg_pool2d(maps, 2))
        return changed / math.sqrt(2)


def _spread(maps: Tensor, most: int) -> Tensor:
    """Mean standard deviation within each group of images, as one more map, B 1 H W (arXiv 1710.10196, section 3)."""
    size = math.gcd(len(maps), most)
    groups = maps.reshape(
        -1, size, *maps.shape[1:]
    )  # of neighbours, which stay in one process when processes share a batch
    deviation = (groups.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    return deviation.repeat_interleave(size)[:, None, None, None].expand(-1, 1, *maps.shape[2:])


def activate(values: Tensor) -> Tensor:
    """Leaky ReLU with the gain that keeps the variance."""
    return functional.leaky_relu(values, _SLOPE) * math.sqrt(2)


class EqualLinear(nn.Module):
    """B I -> B O; weights are stored at unit variance and scaled when used. `rate` below 1 slows down learning.

    The bias starts at `bias`; None is a layer without one.
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
    """B I H W -> B O H W; scaled like `EqualLinear`."""

    def __init__(self, before: int, after: int, side: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, side, side))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None
        self.scale, self.padding = 1 / math.sqrt(before * side * side), side // 2

    def forward(self, maps: Tensor) -> Tensor:
        """The convolution."""
        return functional.conv2d(maps, self.weight * self.scale, self.bias, padding=self.padding)


class ModulatedConv(nn.Module):
    """A convolution: a style scales its input channels, then its output is normalised to unit variance.

    Scaling the maps before and after one ordinary convolution gives the same as the paper's separate weights for each
    image (section 2.2). It is fast without grouped convolutions or custom kernels.
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
