"""The residual discriminator of StyleGAN2 (Karras et al., arXiv 1912.04958, section 4)."""

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import ImageShape
from ganzoo.layers import LabelTable, stages
from ganzoo.model import Discriminator
from ganzoo_plugins.stylegan2.layers import EqualConv, EqualLinear, activate, channels_at

if TYPE_CHECKING:
    from ganzoo_plugins.stylegan2 import DiscriminatorOptions


class StyleGAN2Discriminator(Discriminator):
    """Images B 3 H W, labels B A -> one score an image, B."""

    def __init__(self, options: "DiscriminatorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        count, height, width = stages(shape)
        sides = [min(height, width) << level for level in reversed(range(count + 1))]
        channels = [channels_at(side, options.width, options.widest) for side in sides]
        self.start = EqualConv(shape.channels, channels[0], 1)
        self.blocks = nn.Sequential(*(_Block(*pair) for pair in itertools.pairwise(channels)))
        last = channels[-1]
        self.group = options.group
        self.mix = EqualConv(last + (options.group > 1), last, 3)
        self.gather = EqualLinear(last * height * width, last)
        # Games that compare scores, or are sure of all of them, can't train a bias of the last layer.
        self.score = EqualLinear(last, 1, bias=None)
        self.conditional = options.labels and bool(shape.attributes)
        self.table = LabelTable(shape.attributes, last, spread=1 / math.sqrt(last)) if self.conditional else None

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; with labels, how well the image fits them is added."""
        maps = self.blocks(activate(self.start(images)))
        if self.group > 1:
            maps = torch.cat([maps, _spread(maps, self.group)], dim=1)
        maps = activate(self.mix(maps))
        features = activate(self.gather(maps.flatten(1)))
        scores: Tensor = self.score(features)[:, 0]
        if self.table is not None and label is not None:
            scores = scores + (self.table(label) * features).sum(1)
        return scores


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.inner = nn.ModuleList([EqualConv(before, before, 3), EqualConv(before, after, 3)])
        self.shortcut = EqualConv(before, after, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        # Halving before the second convolution instead of after it costs a quarter.
        inner = functional.avg_pool2d(activate(self.inner[0](maps)), 2)
        changed: Tensor = activate(self.inner[1](inner)) + self.shortcut(functional.avg_pool2d(maps, 2))
        return changed / math.sqrt(2)


def _spread(maps: Tensor, most: int) -> Tensor:
    """Mean standard deviation within each group of images, as one more map, B 1 H W (arXiv 1710.10196, section 3)."""
    size = math.gcd(len(maps), most)
    groups = maps.reshape(-1, size, *maps.shape[1:])  # neighbours, which stay together when processes share a batch
    deviation = (groups.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    return deviation.repeat_interleave(size)[:, None, None, None].expand(-1, 1, *maps.shape[2:])
