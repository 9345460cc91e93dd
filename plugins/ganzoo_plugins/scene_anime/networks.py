"""The networks of AnimeGANv2, from their published description."""

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.model import Discriminator
from ganzoo.translator import ImageGenerator, within_range

if TYPE_CHECKING:
    from ganzoo_plugins.scene_anime import AnimeDiscriminatorOptions, AnimeGeneratorOptions

_EXPANSION = 2


class AnimeGenerator(ImageGenerator):
    """Images B 3 H W -> B 3 H W; 32 channels and 4 blocks are the published 2.1 million parameters."""

    size_multiple = 4

    def __init__(self, options: "AnimeGeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        f = options.width
        self.residual = options.residual
        self.layers = nn.Sequential(
            _layer(shape.channels, f, 7),
            _layer(f, 2 * f, 3, stride=2),
            _layer(2 * f, 2 * f, 3),
            _layer(2 * f, 4 * f, 3, stride=2),
            _layer(4 * f, 4 * f, 3),
            _layer(4 * f, 4 * f, 3),
            *(_Inverted(4 * f if number == 0 else 8 * f, 8 * f) for number in range(options.blocks)),
            _layer(8 * f, 4 * f, 3),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _layer(4 * f, 4 * f, 3),
            _layer(4 * f, 4 * f, 3),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _layer(4 * f, 2 * f, 3),
            _layer(2 * f, 2 * f, 3),
            _layer(2 * f, f, 7),
        )
        self.end = nn.Conv2d(f, shape.channels, 1)
        if self.residual:
            nn.init.normal_(self.end.weight, 0.0, 1e-3)
            nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, images: Tensor) -> Tensor:
        """The translated images."""
        change: Tensor = self.end(self.layers(images))
        return within_range(images + change) if self.residual else change.tanh()


class AnimeDiscriminator(Discriminator):
    """Images B C H W -> scores B 1 H/4 W/4."""

    def __init__(self, options: "AnimeDiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        channels = options.width
        layers = [_scored(shape.channels, channels), nn.LeakyReLU(0.2)]
        before = channels
        for _ in range(2):
            layers += [_scored(before, 2 * channels, stride=2), nn.LeakyReLU(0.2)]
            layers += [_scored(2 * channels, 4 * channels), nn.GroupNorm(1, 4 * channels), nn.LeakyReLU(0.2)]
            before, channels = 4 * channels, 2 * channels
        layers += [_scored(before, 2 * channels), nn.GroupNorm(1, 2 * channels), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, _scored(2 * channels, 1))

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; the label is not used."""
        scores: Tensor = self.layers(images)
        return scores


class _Inverted(nn.Module):
    """Widens, filters each channel, narrows again (arXiv 1801.04381)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        wide = _EXPANSION * before
        self.adds = before == after
        self.layers = nn.Sequential(
            _layer(before, wide, 1),
            nn.Conv2d(wide, wide, 3, padding=1, padding_mode="reflect", groups=wide, bias=False),
            nn.GroupNorm(1, wide),
            nn.LeakyReLU(0.2),
            nn.Conv2d(wide, after, 1, bias=False),
            nn.GroupNorm(1, after),
        )

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = self.layers(values)
        return values + changed if self.adds else changed


def _layer(before: int, after: int, kernel: int, stride: int = 1) -> nn.Module:
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, padding_mode="reflect", bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(1, after), nn.LeakyReLU(0.2))


def _scored(before: int, after: int, stride: int = 1) -> nn.Module:
    return spectral_norm(nn.Conv2d(before, after, 3, stride, 1, bias=False))
