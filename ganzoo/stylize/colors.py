"""Strength, kept colours and masks: what happens to a painting after it is painted, in CIELAB."""

import kornia
import torch
from torch import Tensor


def blended(photo: Tensor, painting: Tensor, amount: Tensor | float) -> Tensor:
    """B 3 H W in [0, 1] -> so much of the way from the photo to the painting, in CIELAB, where equal steps look equal.

    `amount` may be above 1, which goes on beyond the painting; B 1 H W is a mask.
    """
    before, after = kornia.color.rgb_to_lab(photo), kornia.color.rgb_to_lab(painting)
    return _rgb(before + amount * (after - before))


def recolored(photo: Tensor, painting: Tensor) -> Tensor:
    """B 3 H W in [0, 1] -> the painting's lightness with the photo's colours."""
    lightness = kornia.color.rgb_to_lab(painting)[:, :1]
    return _rgb(torch.cat([lightness, kornia.color.rgb_to_lab(photo)[:, 1:]], dim=1))


def _rgb(lab: Tensor) -> Tensor:
    lightness = lab[:, :1].clamp(0, 100)
    values: Tensor = kornia.color.lab_to_rgb(torch.cat([lightness, lab[:, 1:]], dim=1), clip=True)
    return values
