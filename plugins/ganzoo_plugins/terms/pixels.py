"""Terms on pixels."""

from typing import TYPE_CHECKING

import kornia
import torch
from torch import Tensor

from ganzoo.model import Batch
from ganzoo.translator import Term, Translate, source_of

if TYPE_CHECKING:
    from ganzoo_plugins.terms import ColorOptions, IdentityOptions, WeightOptions

_LIGHTNESS, _AXIS = 100.0, 128.0
"""Ranges of the values of CIELAB."""


class Identity(Term):
    """Mean absolute change of images that should stay the same (Taigman et al., arXiv 1611.02200)."""

    def __init__(self, options: "IdentityOptions") -> None:
        super().__init__()
        self.weight, self.until, self.photos = options.weight, options.until, options.photos

    def forward(self, batch: Batch, translated: Tensor, translate: Translate) -> Tensor:
        """The change of the paintings, or of the photos; 0 after `until`."""
        if batch.progress > self.until:
            return translated.new_zeros(())
        if self.photos:
            return self.weight * (translated - source_of(batch)).abs().mean()
        return self.weight * (translate(batch.target) - batch.target).abs().mean()


class Color(Term):
    """Mean absolute change in CIELAB, each axis relative to its range."""

    scale: Tensor

    def __init__(self, options: "ColorOptions") -> None:
        super().__init__()
        self.weight = options.weight
        self.register_buffer(
            "scale",
            torch.tensor([options.lightness / _LIGHTNESS, 1 / _AXIS, 1 / _AXIS]).view(3, 1, 1),
            persistent=False,
        )

    def forward(self, batch: Batch, translated: Tensor, translate: Translate) -> Tensor:
        """The translated image against the photo."""
        change = (lab(translated) - lab(source_of(batch))).abs() * self.scale
        return self.weight * change.mean((0, 2, 3)).sum()


class TotalVariation(Term):
    """Mean absolute difference of neighbouring pixels, across and down."""

    def __init__(self, options: "WeightOptions") -> None:
        super().__init__()
        self.weight = options.weight

    def forward(self, batch: Batch, translated: Tensor, translate: Translate) -> Tensor:
        """Of the translated photos."""
        across, down = translated.diff(dim=3), translated.diff(dim=2)
        return self.weight * (across.abs().mean() + down.abs().mean())


def lab(images: Tensor) -> Tensor:
    """B 3 H W in [-1, 1] -> CIELAB, in full precision: roots near black overflow in half."""
    with torch.autocast(images.device.type, enabled=False):
        values: Tensor = kornia.color.rgb_to_lab((images.float() + 1) / 2)
        return values
