"""Temporal stability learnt from still images (Wang et al., doi 10.1109/TIP.2020.3024018); it needs no video."""

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.model import Batch
from ganzoo.translator import Term, Translate, source_of

if TYPE_CHECKING:
    from ganzoo_plugins.terms import TemporalOptions

_REFERENCE = 256
"""Side of the images that the paper's numbers refer to."""
_CELL = 100
"""Pixels of a cell of the coarse grid of motion at that size; bicubic between cells, where the paper blurs."""


class Temporal(Term):
    """|G(frame 2) - warp(G(photo))|, where frame 2 is the warped photo with a little noise."""

    def __init__(self, options: "TemporalOptions") -> None:
        super().__init__()
        self.options = options

    def forward(self, batch: Batch, translated: Tensor, translate: Translate) -> Tensor:
        """The mean over all pixels that come from inside the image."""
        photo = source_of(batch)
        flow = motion(photo.shape[2:], batch, warp=self.options.warp, shift=self.options.shift)
        grain = batch.noise(*photo.shape[1:]) * self.options.noise
        second = (warp(photo, flow) + grain).clamp(-1, 1)
        inside = warp(torch.ones_like(photo[:, :1]), flow, padding="zeros") > 0.999
        change = (translate(second) - warp(translated, flow)).abs() * inside
        return self.options.weight * change.sum() / (inside.sum() * photo.shape[1]).clamp(min=1)


def motion(size: "torch.Size", batch: Batch, *, warp: float, shift: float) -> Tensor:
    """Where each pixel comes from, B 2 H W in pixels (x, y): smooth local motion and a common shift."""
    height, width = size
    scale = min(height, width) / _REFERENCE
    cells = [max(2, round(side / (_CELL * scale))) for side in (height, width)]
    local = batch.noise(2, *cells) * warp * scale
    smooth = F.interpolate(local, size=(height, width), mode="bicubic", align_corners=False)
    common = ((batch.uniform(2) * 2 - 1) * shift * scale).round()[:, :, None, None]
    return smooth + common


def warp(images: Tensor, flow: Tensor, padding: str = "border") -> Tensor:
    """B C H W warped bilinearly along the flow, B 2 H W in pixels (x, y)."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device, dtype=flow.dtype)
    columns = torch.arange(width, device=images.device, dtype=flow.dtype)
    x = (columns + flow[:, 0] + 0.5) * 2 / width - 1
    y = (rows[:, None] + flow[:, 1] + 0.5) * 2 / height - 1
    grid = torch.stack([x, y], dim=3).to(images.dtype)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=padding, align_corners=False)
