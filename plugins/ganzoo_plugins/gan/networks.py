"""Two networks of a few layers for the loss of 2014 (Goodfellow et al., arXiv 1406.2661)."""

import itertools
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ganzoo import ImageShape
from ganzoo.layers import stages
from ganzoo.model import Discriminator, Generator

if TYPE_CHECKING:
    from ganzoo_plugins.gan import GANDiscriminatorOptions, GANGeneratorOptions

_SMALLEST = 8


class PlainGenerator(Generator):
    """Latent B D -> B 3 H W: a dense layer to 8 px, then transposed convolutions, three of them at 64 px."""

    def __init__(self, options: "GANGeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        count, height, width = stages(shape, min(_SMALLEST, shape.height // 2, shape.width // 2))
        wide = 2 * options.width
        self.start = nn.Sequential(
            nn.Linear(options.latent, wide * height * width), nn.ReLU(), nn.Unflatten(1, (wide, height, width))
        )
        channels = [wide, *[wide] * (count - 2), *[options.width] * (count > 1), shape.channels]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(channels):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1], nn.Tanh())

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]; the label is not used."""
        images: Tensor = self.layers(self.start(latent))
        return images


class PlainDiscriminator(Discriminator):
    """B 3 H W -> one score an image, B; the sigmoid is part of the loss."""

    def __init__(self, options: "GANDiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        hidden = 2 * options.width
        self.layers = nn.Sequential(
            nn.Conv2d(shape.channels, options.width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(options.width * (shape.height // 2) * (shape.width // 2), hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1, bias=False),  # some losses can't train a common shift
        )

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores, one an image; the label is not used."""
        scores: Tensor = self.layers(images)
        return scores.flatten()
