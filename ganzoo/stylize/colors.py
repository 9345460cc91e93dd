"""Blends a photo with its translation in CIELAB: strength, kept colours and masks."""

import kornia
import torch
from torch import Tensor


def blended(photo: Tensor, painting: Tensor, amount: Tensor | float) -> Tensor:
    """Moves from the photo towards the painting by `amount`, both B 3 H W in [0, 1].

    It does so in CIELAB, where equal steps look equal. An `amount` above 1 goes beyond the painting; one of shape
    B 1 H W is a mask.
    """
    before, after = kornia.color.rgb_to_lab(photo), kornia.color.rgb_to_lab(painting)
    return _rgb(before + amount * (after - before))


def recolored(photo: Tensor, painting: Tensor) -> Tensor:
    """The painting's lightness with the photo's colours, all B 3 H W in [0, 1]."""
    lightness = kornia.color.rgb_to_lab(painting)[:, :1]
    return _rgb(torch.cat([lightness, kornia.color.rgb_to_lab(photo)[:, 1:]], dim=1))


def _rgb(lab: Tensor) -> Tensor:
    lightness = lab[:, :1].clamp(0, 100)
    values: Tensor = kornia.color.lab_to_rgb(torch.cat([lightness, lab[:, 1:]], dim=1), clip=True)
    return values
