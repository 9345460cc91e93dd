"""A frozen encoder and a trained decoder, with adaptive instance norm between them (arXiv 1703.06868) or without."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.parts import Parts
from ganzoo.styled import StyledGenerator
from ganzoo.translator import ImageGenerator, softened, within_range
from ganzoo_plugins.adain.decoder import check_stages, decoded, decoder

if TYPE_CHECKING:
    from ganzoo_plugins.adain import AdaINGeneratorOptions, FeaturePainterOptions, VGGPainterOptions

_EPSILON = 1e-5
_ALL = 0.5
"""The strength below which the painting also fades into the photo, as the network at 0 is not yet the photo."""


class AdaINGenerator(StyledGenerator):
    """Images B 3 H W and codes of paintings B M -> B 3 H W.

    A code is the mean and the standard deviation of each channel, stage after stage. What is trained is added to the
    photo, or to the softened photo.
    """

    def __init__(self, options: "AdaINGeneratorOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        count = options.stages
        check_stages(self.encoder, count)
        self.size_multiple = max(self.encoder.strides[count - 1], 2**options.soften)
        self.channels = self.encoder.channels[:count]
        self.skips, self.residual, self.soften = options.skips, options.residual, options.soften
        self.norms = nn.ModuleList(nn.InstanceNorm2d(channels) for channels in self.channels)
        self.decoder = decoder(self.channels, options.width, skips=options.skips, up=options.up)
        self.end = nn.Conv2d(options.width, shape.channels, 3, padding=1, padding_mode="reflect")
        if self.residual:
            nn.init.normal_(self.end.weight, 0.0, 1e-3)
            nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias
        plain = torch.cat([torch.zeros(sum(self.channels)), torch.ones(sum(self.channels))])
        self.set_up_codes(plain, shape.attributes)

    def forward(self, images: Tensor, code: Tensor | None = None, strength: Tensor | None = None) -> Tensor:
        """Images in the style of the codes, by default that of all paintings; `strength` B mixes the features."""
        wanted = self.exchanged(self.features(images), self.mean_code(images.shape[0]) if code is None else code)
        return self.decode(images, wanted, strength)

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The frozen features, finest first."""
        return self.encoder.maps(images, depth=len(self.channels))

    def code_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 H W -> codes B M."""
        maps = self.features(paintings)
        means, spreads = (
            [one.mean((2, 3)) for one in maps],
            [(one.var((2, 3), correction=0) + _EPSILON).sqrt() for one in maps],
        )
        return torch.cat([*means, *spreads], dim=1)

    def exchanged(self, maps: Sequence[Tensor], code: Tensor) -> list[Tensor]:
        """Features with the mean and the standard deviation of the codes."""
        half = sum(self.channels)
        means, spreads = (torch.split(part, list(self.channels), 1) for part in (code[:, :half], code[:, half:]))
        return [
            norm(one) * spread[:, :, None, None] + mean[:, :, None, None]
            for norm, one, mean, spread in zip(self.norms, maps, means, spreads, strict=True)
        ]

    def decode(self, images: Tensor, wanted: Sequence[Tensor], strength: Tensor | None = None) -> Tensor:
        """Features -> images; `strength` B is how far to go from the features of the images to those wanted."""
        if strength is not None:
            part = strength[:, None, None, None]
            wanted = [own + part * (one - own) for own, one in zip(self.features(images), wanted, strict=True)]
        change: Tensor = self.end(decoded(self.decoder, wanted, skips=self.skips))
        if not self.residual:
            return change.tanh()
        if self.soften:
            change = change + (softened(images, self.soften) - images)
        return within_range(images + (change if strength is None else strength[:, None, None, None] * change))


class FeaturePainter(ImageGenerator):
    """Images B 3 H W -> B 3 H W: the photo plus what a trained decoder makes of its features.

    It has no norm over the image, so a tile of a photo is painted as the same part of the whole.
    """

    def __init__(self, options: "FeaturePainterOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        count = options.stages
        check_stages(self.encoder, count)
        self.size_multiple = max(self.encoder.strides[count - 1], 2**options.soften)
        self.soften = options.soften
        self.channels = self.encoder.channels[:count]
        self.decoder = decoder(self.channels, options.width, skips=True, up=options.up)
        self.end = nn.Conv2d(options.width, shape.channels, 3, padding=1, padding_mode="reflect")
        nn.init.normal_(self.end.weight, 0.0, 1e-3)  # changes hardly show at first
        nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, images: Tensor) -> Tensor:
        """The translated images."""
        change: Tensor = self.end(decoded(self.decoder, self.maps(images)[1:], skips=True))
        return within_range(softened(images, self.soften) + change)

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """The pixels and the frozen features."""
        return (images, *self.encoder.maps(images, depth=len(self.channels)))


class VGGPainter(StyledGenerator):
    """Images B 3 H W and codes of paintings B 2C -> B 3 H W: the network that naoto0804/pytorch-AdaIN published.

    The modules have the places of the published ones, whose weights they take. A code is the mean and the standard
    deviation of each of C channels of relu4_1.
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
    end = nn.Conv2d(width, 3, 3)
    nn.init.constant_(end.bias, 0.5)  # type: ignore[arg-type]  # grey: training starts in the middle of the range
    return nn.Sequential(*layers, *_layer(width, width), nn.ReflectionPad2d(1), end)


def _layer(before: int, after: int) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, 3)
    nn.init.kaiming_normal_(convolution.weight)  # torch's own weights leave nothing of the photo after so many layers
    return [nn.ReflectionPad2d(1), convolution, nn.ReLU()]
