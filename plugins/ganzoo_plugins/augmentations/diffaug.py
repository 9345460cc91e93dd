"""DiffAugment (Zhao et al., arXiv 2006.10738): colour, translation and cutout, each differentiable."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganzoo import ImageShape
from ganzoo.augment import uniform
from ganzoo.model import Augmentation

if TYPE_CHECKING:
    from ganzoo_plugins.augmentations import DiffAugmentOptions


class DiffAugment(Augmentation):
    """All three changes to every image, each with its own strength; colours may leave [-1, 1], as in the paper."""

    def __init__(self, options: "DiffAugmentOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.options = options

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Images B C H W -> B C H W."""
        options = self.options
        if options.color:
            images = recolour(images, options.color * uniform(images, rng, 3, low=-1, high=1))
        if options.translation:
            images = translate(images, options.translation, uniform(images, rng, 2))
        if options.cutout:
            images = cut_out(images, options.cutout, uniform(images, rng, 2))
        return images


def recolour(images: Tensor, change: Tensor) -> Tensor:
    """Brightness, saturation, contrast by `change`, B 3 in [-1, 1], where 0 is none."""
    brightness, saturation, contrast = change[:, :, None, None, None].unbind(1)
    images = images + brightness / 2
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (1 + saturation)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1 + contrast / 2)


def translate(images: Tensor, part: float, place: Tensor) -> Tensor:
    """Moved by whole pixels, at most `part` of each side, padded with 0; `place` is B 2 in [0, 1), 0.5 is no move."""
    for dim, along in zip((2, 3), place.unbind(1), strict=True):
        farthest = round(images.shape[dim] * part)
        images = _shift(images, dim, (along * (2 * farthest + 1)).long() - farthest)
    return images


def _shift(images: Tensor, dim: int, pixels: Tensor) -> Tensor:
    """Image b moved by pixels[b] along the dimension."""
    shape = [-1, 1, 1, 1]
    shape[dim] = side = images.shape[dim]
    source = (torch.arange(side, device=images.device) - pixels[:, None]).view(shape)
    inside = (source >= 0) & (source < side)
    return images.gather(dim, source.clamp(0, side - 1).expand(images.shape)) * inside


def cut_out(images: Tensor, part: float, centre: Tensor) -> Tensor:
    """Zeros in a rectangle of `part` of each side around `centre`, B 2 in [0, 1), which may lie partly outside."""
    rows, columns = (_within(side, part, place) for side, place in zip(images.shape[2:], centre.unbind(1), strict=True))
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _within(side: int, part: float, place: Tensor) -> Tensor:
    """Mask of the `side` pixels inside the cut, B x side."""
    length = round(side * part)
    first = (place * (side + 1 - length % 2)).long() - length // 2
    pixels = torch.arange(side, device=place.device)
    return (pixels >= first[:, None]) & (pixels < first[:, None] + length)
