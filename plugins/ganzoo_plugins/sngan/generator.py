"""The residual generator of SNGAN (Miyato et al., arXiv 1802.05957, appendix B), with conditional batch norm."""

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.layers import ConditionalNorm, stages
from ganzoo.model import Generator

if TYPE_CHECKING:
    from ganzoo_plugins.sngan import GeneratorOptions

_WIDEST = 16


class ResNetGenerator(Generator):
    """Latent B D, labels B A or mixtures B V -> B 3 H W."""

    def __init__(self, options: "GeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.latent = options.latent
        self.conditional = options.labels and bool(shape.attributes)
        attributes = shape.attributes if self.conditional else {}
        count, height, width = stages(shape)
        channels = [options.width * min(2 ** (count - stage), _WIDEST) for stage in range(count + 1)]
        self.start = nn.Sequential(
            nn.Linear(options.latent, channels[0] * height * width), nn.Unflatten(1, (channels[0], height, width))
        )
        self.blocks = nn.ModuleList(_Block(*pair, attributes) for pair in itertools.pairwise(channels))
        self.end = nn.Sequential(
            nn.BatchNorm2d(channels[-1]), nn.ReLU(), nn.Conv2d(channels[-1], shape.channels, 3, padding=1), nn.Tanh()
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Images in [-1, 1]."""
        values = self.start(latent)
        for block in self.blocks:
            values = block(values, label)
        images: Tensor = self.end(values)
        return images


class _Block(nn.Module):
    def __init__(self, before: int, after: int, attributes: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.norms = nn.ModuleList(ConditionalNorm(channels, attributes) for channels in (before, after))
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, values: Tensor, label: Tensor | None) -> Tensor:
        inner = functional.interpolate(self.norms[0](values, label).relu(), scale_factor=2.0)
        inner = self.second(self.norms[1](self.first(inner), label).relu())
        # A convolution of one pixel may come before the enlarging as well as after it, at a quarter of the cost.
        images: Tensor = inner + functional.interpolate(self.shortcut(values), scale_factor=2.0)
        return images
