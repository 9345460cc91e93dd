"""The network of naoto0804/pytorch-AdaIN: its normalised VGG and its decoder, as published (arXiv 1703.06868).

The modules have the places of the published ones, whose weights they take.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape, Recognised, UsageError
from ganzoo.styled import StyledGenerator
from ganzoo.translator import within_range

if TYPE_CHECKING:
    from ganzoo_plugins.adain import VGGPainterOptions

_EPSILON = 1e-5
_ALL = 0.5
"""The strength below which the painting also fades into the photo, as the network at 0 is not yet the photo."""
_LAYERS = 31
"""Modules of the VGG up to relu4_1; the file has more, which only a loss would need."""


class VGGPainter(StyledGenerator):
    """Images B 3 H W and codes of paintings B 2C -> B 3 H W.

    A code is the mean and the standard deviation of each of C channels of relu4_1.
    """

    size_multiple = 8

    def __init__(self, options: "VGGPainterOptions", *, shape: ImageShape) -> None:
        super().__init__()
        width = options.width
        self.channels = (8 * width,)
        self.encoder = _vgg(width)
        self.norm = nn.InstanceNorm2d(8 * width)  # as a module, it shares its statistics among tiles
        self.decoder = _decoder(width)
        self.set_up_codes(torch.tensor([0.0, 1.0]).repeat_interleave(8 * width), shape.attributes)

    def forward(self, images: Tensor, code: Tensor | None = None, strength: Tensor | None = None) -> Tensor:
        """Images in the style of the codes, by default that of all paintings; `strength` B mixes the features."""
        code = self.mean_code(len(images)) if code is None else code
        maps = self.features(images)
        wanted = self.exchanged(maps, code)[-1]
        if strength is not None:
            wanted = maps[-1] + strength[:, None, None, None] * (wanted - maps[-1])
        painted = within_range(2 * self.decoder(wanted) - 1)
        if strength is None:
            return painted
        part = (strength / _ALL).clamp(max=1)[:, None, None, None]
        return images + part * (painted - images)

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The maps of relu4_1, B C h w."""
        return (self.encoder((images + 1) / 2),)

    def code_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 H W -> codes B 2C; variances divide by one place less, as published."""
        maps = self.features(paintings)[-1]
        return torch.cat([maps.mean((2, 3)), (maps.var((2, 3), correction=1) + _EPSILON).sqrt()], dim=1)

    def exchanged(self, maps: Sequence[Tensor], code: Tensor) -> list[Tensor]:
        """Features with the mean and the standard deviation of the codes."""
        values = maps[-1]
        mean, spread = code[:, :, None, None].chunk(2, dim=1)
        places = values.shape[2] * values.shape[3]
        variance = values.var((2, 3), correction=0, keepdim=True)
        # The norm divides by the spread with all places counted, the published code with one less.
        less = ((variance + _EPSILON) / (variance * places / max(places - 1, 1) + _EPSILON)).sqrt()
        return [self.norm(values) * less * spread + mean]


class _Frozen(nn.Module):
    """A convolution whose weights are buffers, so that no step trains them."""

    weight: Tensor
    bias: Tensor

    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__()
        layer = nn.Conv2d(before, after, kernel)
        nn.init.kaiming_normal_(layer.weight)
        self.register_buffer("weight", layer.weight.detach())
        self.register_buffer("bias", torch.zeros(after))

    def forward(self, values: Tensor) -> Tensor:
        return functional.conv2d(values, self.weight.to(values.dtype), self.bias.to(values.dtype))


def of_adain(files: Mapping[str, Mapping[str, Tensor]]) -> Recognised:
    """The decoder, and the VGG that it was trained with."""
    vgg, decoder = files["vgg"], files["decoder"]
    if vgg["0.weight"].shape != (3, 3, 1, 1):
        raise UsageError("its VGG does not begin with a change of colours: give the normalised one")
    taken = {f"encoder.{name}": one for name, one in vgg.items() if int(name.split(".")[0]) < _LAYERS}
    taken |= {f"decoder.{name}": one for name, one in decoder.items()}
    settings = {"size": "256", "crop": True, "load_size": 512}
    return Recognised(options={"width": vgg["2.weight"].shape[0]}, weights=taken, settings=settings)


def _vgg(width: int) -> nn.Sequential:
    layers: list[nn.Module] = [_Frozen(3, 3, 1)]
    before = 3
    for level, count in enumerate((2, 2, 4, 1)):
        layers += [nn.MaxPool2d(2)] if level else []
        for _ in range(count):
            layers += [nn.ReflectionPad2d(1), _Frozen(before, width << level, 3), nn.ReLU()]
            before = width << level
    return nn.Sequential(*layers)


def _decoder(width: int) -> nn.Sequential:
    layers = [*_layer(8 * width, 4 * width), nn.Upsample(scale_factor=2)]
    layers += [one for _ in range(3) for one in _layer(4 * width, 4 * width)]
    layers += [*_layer(4 * width, 2 * width), nn.Upsample(scale_factor=2)]
    layers += [*_layer(2 * width, 2 * width), *_layer(2 * width, width), nn.Upsample(scale_factor=2)]
    return nn.Sequential(*layers, *_layer(width, width), *_layer(width, 3)[:-1])


def _layer(before: int, after: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(1), nn.Conv2d(before, after, 3), nn.ReLU()]
