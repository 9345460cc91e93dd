"""The pool of earlier images that critics see instead of the newest (Shrivastava et al., arXiv 1612.07828)."""

import torch
from torch import Tensor, nn

from ganzoo import ImageShape
from ganzoo.model import Batch

_OLD = 0.5
"""Chance of an older image, which then leaves the pool."""


class Pool(nn.Module):
    """Up to `size` images in buffers. Places are drawn at random, so that nothing waits for the device to count."""

    images: Tensor
    filled: Tensor

    def __init__(self, size: int, shape: ImageShape) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.zeros(size, shape.channels, shape.height, shape.width))
        self.register_buffer("filled", torch.zeros(size, dtype=torch.bool))

    def forward(self, images: Tensor, batch: Batch) -> Tensor:
        """Images B C H W -> the same number, some replaced by older ones; an empty place stores the new image."""
        if not self.size:
            return images
        numbers = batch.uniform(2)
        places, older = (numbers[:, 0] * self.size).long(), numbers[:, 1] < _OLD
        shown = []
        for image, place, old in zip(images, places, older, strict=True):
            kept, there = self.images.index_select(0, place[None])[0], self.filled[place]
            taken, stays = old & there, ~old & there
            shown.append(torch.where(taken, kept, image))
            self.images.index_copy_(0, place[None], torch.where(stays, kept, image.to(kept.dtype))[None])
            self.filled.index_fill_(0, place[None], True)
        return torch.stack(shown)
