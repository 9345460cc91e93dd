"""Two micro encoders, a modulator and a micro decoder (Wang et al., arXiv 2211.15313).

The modules have the names of the published files, whose weights they take.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ganzoo import ImageShape
from ganzoo.styled import StyledGenerator
from ganzoo.translator import softened, within_range
from ganzoo_plugins.microast.published import published

if TYPE_CHECKING:
    from ganzoo_plugins.microast import MicroGeneratorOptions

_EPSILON = 1e-5
_ALL = 0.5
"""The strength below which the painting also fades into the photo, as the network at 0 is not yet the photo."""


class MicroGenerator(StyledGenerator):
    """Images B 3 H W and codes of paintings B 8C -> B 3 H W.

    A code holds the standard deviation and the mean of the finer level's C channels, then those of the coarser level,
    then weights and biases of the modulation in the same order.
    """

    size_multiple = 4

    def __init__(self, options: "MicroGeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        width = options.width
        self.content_encoder = MicroEncoder(shape.channels, width)
        self.style_encoder = MicroEncoder(shape.channels, width)
        self.modulator = Modulator(4 * width)
        self.unbiased = options.unbiased
        self.decoder = MicroDecoder(shape.channels, width, unbiased=options.unbiased)
        self.residual, self.soften = options.residual, options.soften
        self.set_up_codes(torch.tensor([1.0, 0.0]).repeat(4).repeat_interleave(4 * width), shape.attributes)
        if options.weights:
            self.load_state_dict(dict(published(options.weights, self.state_dict())), strict=False)

    def forward(self, images: Tensor, code: Tensor | None = None, strength: Tensor | None = None) -> Tensor:
        """Images in the style of the codes, by default that of all paintings.

        `strength` B is how far statistics of features go from the images' own to the paintings'.
        """
        code = self.mean_code(len(images)) if code is None else code
        content = self.content_encoder(_unsigned(images))[1]
        drawn = 2 * self.decoder(content, code, strength) - 1
        painted = within_range(softened(images, self.soften) + drawn if self.residual else drawn)
        if strength is None:
            return painted
        part = (strength / _ALL).clamp(max=1)[:, None, None, None]
        return images + part * (painted - images)

    def code_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 H W -> codes B 8C."""
        levels = self.style_encoder(_unsigned(paintings))
        spreads_and_means = [one for level in levels for one in statistics(level, self.unbiased)]
        return torch.cat([*spreads_and_means, *self.modulator(levels)], dim=1)

    def signals(self, code: Tensor) -> Tensor:
        """Codes B 8C -> the weights and biases in them, B 4 C."""
        return torch.stack(code.chunk(8, dim=1)[4:], dim=1)


class MicroEncoder(nn.Module):
    """Images B 3 H W in [0, 1] -> features B 4W H/4 W/4 of a finer and of a coarser level, both of the same size."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.enc1 = nn.Sequential(
            _conv(channels, width, 9),
            nn.ReLU(),
            _conv(width, 2 * width, 3, stride=2, groups=width),
            nn.ReLU(),
            _conv(2 * width, 2 * width, 1),
            nn.ReLU(),
            _conv(2 * width, 4 * width, 3, stride=2, groups=2 * width),
            nn.ReLU(),
            _conv(4 * width, 4 * width, 1),
            nn.ReLU(),
            Block(4 * width),
        )
        self.enc2 = nn.Sequential(Block(4 * width))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The two levels."""
        fine: Tensor = self.enc1(images)
        return fine, self.enc2(fine)


class Modulator(nn.Module):
    """The two levels of a painting's features B C h w -> a weight and a bias for each channel and level, 4 times B C.

    Each is the mean of a depthwise convolution.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name in ("weight1", "bias1", "weight2", "bias2"):
            convolution = _conv(channels, channels, 3, groups=channels)
            self.add_module(name, nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten()))
            if name.startswith("weight"):  # training starts with plain residual blocks
                nn.init.ones_(convolution.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, levels: tuple[Tensor, Tensor]) -> list[Tensor]:
        """The weight and the bias of the finer level, then those of the coarser."""
        return [
            self.get_submodule(f"{kind}{number}")(level)
            for number, level in enumerate(levels, 1)
            for kind in ("weight", "bias")
        ]


class MicroDecoder(nn.Module):
    """Features of a photo B C h w and codes B 8C -> images B 3 4h 4w in [0, 1], unless values overshoot."""

    def __init__(self, channels: int, width: int, *, unbiased: bool = False) -> None:
        super().__init__()
        self.unbiased = unbiased
        # As modules, norms share their statistics among the tiles of a large picture.
        self.coarse_norm = nn.InstanceNorm2d(4 * width)
        self.fine_norm = nn.InstanceNorm2d(4 * width)
        self.dec1 = Block(4 * width)
        self.dec2 = Block(4 * width)
        end = _conv(width, channels, 9)
        nn.init.constant_(end.bias, 0.5)  # type: ignore[arg-type]  # grey: training starts in the middle of the range
        self.dec3 = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _conv(4 * width, 2 * width, 3, groups=2 * width),
            nn.ReLU(),
            _conv(2 * width, 2 * width, 1),
            nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _conv(2 * width, width, 3, groups=width),
            nn.ReLU(),
            _conv(width, width, 1),
            nn.ReLU(),
            end,
        )

    def forward(self, content: Tensor, code: Tensor, strength: Tensor | None) -> Tensor:
        """Each level takes the statistics of the painting, then its modulation; the coarser level comes first."""
        spread1, mean1, spread2, mean2, weight1, bias1, weight2, bias2 = code[:, :, None, None].chunk(8, dim=1)
        values = _towards(content, self._normed(self.coarse_norm, content) * spread2 + mean2, strength)
        values = self.dec1(values, weight2, bias2)
        values = _towards(values, self._normed(self.fine_norm, values) * spread1 + mean1, strength)
        values = self.dec2(values, weight1, bias1)
        images: Tensor = self.dec3(values)
        return images

    def _normed(self, norm: nn.Module, values: Tensor) -> Tensor:
        """Values of mean 0 and spread 1; the norm itself divides by the spread with all places counted."""
        normed: Tensor = norm(values)
        if not self.unbiased:
            return normed
        places = values.shape[2] * values.shape[3]
        variance = values.var((2, 3), correction=0, keepdim=True)
        return normed * ((variance + _EPSILON) / (variance * places / max(places - 1, 1) + _EPSILON)).sqrt()


class Block(nn.Module):
    """Residual block B C h w -> B C h w; a weight and a bias B C 1 1 modulate both convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, channels, 3)
        self.conv2 = _conv(channels, channels, 3)

    def forward(self, values: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """The values and what the convolutions add; without weight and bias as they are."""
        if weight is None or bias is None:
            plain: Tensor = values + self.conv2(self.conv1(values).relu())
            return plain
        inner = (weight * self.conv1(values) + bias * values).relu()
        modulated: Tensor = values + weight * self.conv2(inner) + bias * inner
        return modulated


def statistics(maps: Tensor, unbiased: bool = False) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean of each channel of B C h w, each B C."""
    return (maps.var((2, 3), correction=int(unbiased)) + _EPSILON).sqrt(), maps.mean((2, 3))


def _conv(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(
        inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups, padding_mode="reflect"
    )
    # torch's own initial weights shrink what passes through so many layers, until nothing is left to normalise.
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # it has a bias
    return layer


def _towards(own: Tensor, other: Tensor, strength: Tensor | None) -> Tensor:
    return other if strength is None else own + strength[:, None, None, None] * (other - own)


def _unsigned(images: Tensor) -> Tensor:
    return (images + 1) / 2
