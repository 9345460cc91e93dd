"""A discriminator with a score for each pixel beside that of the whole (Schönfeld et al., arXiv 2002.12655)."""

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.layers import stages
from ganzoo.model import Discriminator

if TYPE_CHECKING:
    from ganzoo_plugins.unet import UNetOptions

_WIDEST = 8


class UNetDiscriminator(Discriminator):
    """Images B 3 H W -> scores B 2 H W: that of the whole image at each place, then that of the pixel itself.

    Losses are means over scores, so the score of the whole image weighs as much as all pixels together, as in section
    3.1. The paper's CutMix is not here: it is a separate loss, which any discriminator of pixels could use.
    """

    def __init__(self, options: "UNetOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, height, width = stages(shape)
        widths = [shape.channels, *(options.width * min(2**stage, _WIDEST) for stage in range(count))]
        self.downs = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, 4, 2, 1)) for before, after in itertools.pairwise(widths)
        )
        self.whole = spectral_norm(nn.Conv2d(widths[-1], 1, (height, width), bias=False))
        # On the way up each layer sees its own maps beside those of the way down of the same size.
        beside = [*widths[1:-1], 0][::-1]
        ups = [options.width, *widths[1:-1]][::-1]
        came = [widths[-1], *ups[:-1]]
        self.ups = nn.ModuleList(
            spectral_norm(nn.Conv2d(before + more, after, 3, padding=1))
            for before, more, after in zip(came, beside, ups, strict=True)
        )
        self.pixel = spectral_norm(nn.Conv2d(ups[-1] + shape.channels, 1, 3, padding=1, bias=False))

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; the label is not used."""
        maps = [images]
        for down in self.downs:
            maps.append(functional.leaky_relu(down(maps[-1]), 0.2))
        whole = self.whole(maps[-1])
        values = maps.pop()
        for place, up in enumerate(self.ups):
            if place:
                values = torch.cat([values, maps.pop()], dim=1)
            values = functional.leaky_relu(up(functional.interpolate(values, scale_factor=2.0)), 0.2)
        pixels = self.pixel(torch.cat([values, images], dim=1))
        return torch.cat([whole.expand_as(pixels), pixels], dim=1)
