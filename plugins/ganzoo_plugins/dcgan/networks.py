"""The DCGAN networks (Radford et al., arXiv 1511.06434) for any rectangle."""

import itertools
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.layers import init_dcgan, norm2d, stages
from ganzoo.model import Discriminator, Generator

if TYPE_CHECKING:
    from ganzoo_plugins.dcgan import DiscriminatorOptions, GeneratorOptions

_WIDEST = 8
"""Channels double with each halving, up to 8 times the width: at 64 px as published, and no more at larger sizes."""


class DCGANGenerator(Generator):
    """Latent B D -> B 3 H W by transposed convolutions: 64 px is the published network."""

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        count, height, width = stages(shape)
        channels = _channels(options.width, count)[::-1]
        layers = [*_up(options.latent, channels[0], (height, width), 1, 0, options.norm)]
        for before, after in itertools.pairwise(channels):
            layers += _up(before, after, (4, 4), 2, 1, options.norm)
        layers += [nn.ConvTranspose2d(channels[-1], shape.channels, 4, 2, 1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        init_dcgan(self)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]; the label is not used."""
        images: Tensor = self.layers(latent[:, :, None, None])
        return images


class DCGANDiscriminator(Discriminator):
    """B 3 H W -> one score an image, B, by strided convolutions; no norm in the first layer."""

    def __init__(self, options: "DiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, height, width = stages(shape)
        channels = _channels(options.width, count)
        spectral = options.norm == "spectral"
        norm = "none" if spectral else options.norm
        layers: list[nn.Module] = [
            nn.Conv2d(shape.channels, channels[0], 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, True),
        ]
        for before, after in itertools.pairwise(channels):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=norm == "none"), norm2d(norm, after)]
            layers += [nn.LeakyReLU(0.2, True)]
        layers += [nn.Conv2d(channels[-1], 1, (height, width), bias=False)]
        self.layers = nn.Sequential(*layers)
        init_dcgan(self)
        if spectral:
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d):
                    spectral_norm(layer)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores, one an image; the label is not used."""
        scores: Tensor = self.layers(images)
        return scores.flatten()


def _channels(width: int, count: int) -> list[int]:
    return [width * min(2**stage, _WIDEST) for stage in range(count)]


def _up(before: int, after: int, kernel: tuple[int, int], stride: int, padding: int, norm: str) -> list[nn.Module]:
    bias = norm == "none"
    return [
        nn.ConvTranspose2d(before, after, kernel, stride, padding, bias=bias),
        norm2d(norm, after),
        nn.ReLU(True),
    ]
