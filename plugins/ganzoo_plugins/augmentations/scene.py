"""Another view, light and weather of the same scene, as a second photo might show it."""

from typing import TYPE_CHECKING

import torch
from kornia.augmentation import ColorJiggle, RandomPlanckianJitter
from kornia.geometry.transform import get_perspective_transform
from torch import Tensor

from ganzoo import ImageShape
from ganzoo.augment import seeded, warp
from ganzoo.model import Augmentation
from ganzoo_plugins.augmentations.weather import fog, rain, snow

if TYPE_CHECKING:
    from ganzoo_plugins.augmentations import SceneOptions

_TEMPERATURES = list(range(4, 13))
"""Rows of kornia's table of black bodies, from a late sun to open shade; others look like coloured lamps."""
_WEATHER = (fog, rain, snow)


class Scene(Augmentation):
    """Flip, crop and perspective in one resampling, then colour temperature, colours, and rarely weather."""

    def __init__(self, options: "SceneOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.options = options
        self.shape = shape
        self.margin = options.zoom / (1 - options.perspective)
        self.light = RandomPlanckianJitter(select_from=_TEMPERATURES, p=options.light)
        amount = options.color
        self.color = ColorJiggle(amount, amount, amount, amount / 5, p=float(amount > 0))

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Images B 3 H' W' -> B 3 H W."""
        with seeded(rng):
            images = self._view(images)
            options = self.options
            if not (options.light or options.color or options.fog + options.rain + options.snow):
                return images
            images = self.color(self.light(images.add(1).div(2).clamp(0, 1)))
            return self._weather(images).mul(2).sub(1)

    def _view(self, images: Tensor) -> Tensor:
        options = self.options
        size = (self.shape.height, self.shape.width)
        if images.shape[2:] == size and not options.flip and not options.perspective and options.zoom == 1:
            return images
        corners = draw_corners(len(images), options.zoom, options.perspective, options.flip)
        return warp(images, perspective_grid(corners, size).to(images.device, non_blocking=True))

    def _weather(self, images: Tensor) -> Tensor:
        """Adds each kind of weather to the images that drew it."""
        options = self.options
        drawn, low = torch.rand(len(images)), 0.0
        for change, chance in zip(_WEATHER, (options.fog, options.rain, options.snow), strict=True):
            which = ((drawn >= low) & (drawn < low + chance)).nonzero().flatten()
            low += chance
            if len(which):
                which = which.to(images.device, non_blocking=True)
                images = images.index_copy(0, which, change(images[which]))
        return images


def draw_corners(count: int, zoom: float, perspective: float, flip: float) -> Tensor:
    """The corners of `count` random views of an image in [-1, 1]: count 4 2 of (x, y), clockwise from the upper left.

    Drawn from torch's global generator. A view never shows anything beyond the image.
    """
    half = 1 / zoom + (1 - 1 / zoom) * torch.rand(count, 1, 1)
    middle = (1 - half) * (2 * torch.rand(count, 1, 2) - 1)
    inwards = 1 - perspective * torch.rand(count, 4, 2)
    mirror = torch.where(torch.rand(count, 1) < flip, -1.0, 1.0)
    view = middle + half * _square(count) * inwards
    return torch.stack([view[..., 0] * mirror, view[..., 1]], dim=-1)


def perspective_grid(corners: Tensor, size: tuple[int, int]) -> Tensor:
    """Where each pixel of a picture of (height, width) lies in the quadrilateral: B H W 2 of (x, y), for `warp`."""
    height, width = size
    homography = get_perspective_transform(_square(len(corners)), corners)
    x, y = ((2 * torch.arange(side) + 1) / side - 1 for side in (width, height))
    columns, rows = torch.meshgrid(x, y, indexing="xy")
    places = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1) @ homography[:, None].mT
    return places[..., :2] / places[..., 2:]


def _square(count: int) -> Tensor:
    return torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]).expand(count, 4, 2)
