"""Redraws images from maps of the discriminator, and says how far they are from what was there (2101.04775, eq. 4)."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.encoders import Encoder
from ganzoo.layers import GatedChannels
from ganzoo_plugins.fastgan.blocks import spectral

_LEAST = 1e-8


class Decoder(nn.Module):
    """Maps B C h w -> images B 3 h·2ⁿ w·2ⁿ in [-1, 1] by n doublings, each with half the channels."""

    def __init__(self, channels: int, doublings: int, colours: int) -> None:
        super().__init__()
        widths = [max(channels >> place, 2) for place in range(doublings + 1)]
        self.ups = nn.Sequential(*(_Up(*pair) for pair in itertools.pairwise(widths)))
        self.end = spectral(nn.Conv2d(widths[-1], colours, 3, padding=1, bias=False))

    def forward(self, maps: Tensor) -> Tensor:
        """The images."""
        images: Tensor = self.end(self.ups(maps)).tanh()
        return images


class _Up(nn.Sequential):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2),
            spectral(nn.Conv2d(before, 2 * after, 3, padding=1, bias=False)),
            nn.BatchNorm2d(2 * after),
            GatedChannels(),
        )


def distance(encoder: Encoder, drawn: Tensor, wanted: Tensor, depth: int) -> Tensor:
    """Mean squared distance of features of unit length, place by place, over the `depth` finest stages; a scalar.

    As LPIPS (Zhang et al., arXiv 1801.03924, eq. 1) with equal weights for all channels, for any encoder.
    """
    with torch.no_grad():
        there = encoder.maps(wanted.detach(), depth)
    now = encoder.maps(drawn, depth)
    apart = [
        (functional.normalize(one, eps=_LEAST) - functional.normalize(other, eps=_LEAST)).square().sum(1).mean()
        for one, other in zip(now, there, strict=True)
    ]
    return torch.stack(apart).sum()
