"""The networks beside a part that is checked: tiny, with labels, without norms that look at the batch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.catalog.lookup import RegisteredPart
from ganzoo.config.configuration import ResolvedPart
from ganzoo.layers import LabelTable
from ganzoo.model import Discriminator, Generator
from ganzoo.options import Options, PartKind
from ganzoo.specs import ImageShape, PartSpec

_WIDTH = 8
_START = 4
"""Height and width of the first maps."""


class HostGenerator(Generator):
    """Latents B 8 -> images B 3 H W."""

    latent = 8

    def __init__(self, options: Options, *, shape: ImageShape) -> None:
        super().__init__()
        self.size = shape.height, shape.width
        self.conditional = bool(shape.attributes)
        self.table = LabelTable(shape.attributes, self.latent, spread=1.0) if self.conditional else None
        self.start = nn.Linear(self.latent, _WIDTH * _START**2)
        self.middle = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.end = nn.Conv2d(_WIDTH, shape.channels, 3, padding=1)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        if self.table is not None and label is not None:
            latent = latent + self.table(label).to(latent.dtype)
        maps = functional.leaky_relu(self.start(latent), 0.2).view(-1, _WIDTH, _START, _START)
        maps = functional.leaky_relu(self.middle(functional.interpolate(maps, scale_factor=2.0)), 0.2)
        images: Tensor = self.end(functional.interpolate(maps, self.size)).tanh()
        return images


class HostDiscriminator(Discriminator):
    """Images B 3 H W -> scores B; labels by projection."""

    def __init__(self, options: Options, *, shape: ImageShape) -> None:
        super().__init__()
        self.conditional = bool(shape.attributes)
        self.layers = nn.Sequential(
            nn.Conv2d(shape.channels, _WIDTH, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(_WIDTH, _WIDTH, 4, 2, 1), nn.LeakyReLU(0.2),
        )  # fmt: skip
        features = _WIDTH * (shape.height // 4) * (shape.width // 4)
        self.score = nn.Linear(features, 1)
        self.table = LabelTable(shape.attributes, features, spread=0.01) if self.conditional else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, plus how well the image fits them."""
        features = self.layers(images).flatten(1)
        scores: Tensor = self.score(features)[:, 0]
        if self.table is not None and label is not None:
            scores = scores + torch.einsum("bf,bf->b", self.table(label).to(features.dtype), features)
        return scores


def host_networks() -> dict[str, ResolvedPart]:
    """Both, by the option of the host that they stand for."""
    return {"generator": _part("generator", HostGenerator), "discriminator": _part("discriminator", HostDiscriminator)}


def _part(kind: PartKind, network: type[nn.Module]) -> ResolvedPart:
    target = f"{network.__module__}:{network.__name__}"
    spec = PartSpec(kind=kind, name="host", target=target, options=Options, summary="the other network of a check")
    return ResolvedPart(
        registered=RegisteredPart(spec=spec, full_name="host", plugin=None), name="host", options=Options()
    )
