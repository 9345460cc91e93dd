"""Images under maps of the plane: exact for whole pixels, and without aliasing for all others.

The latter as in ADA (arXiv 2006.06676, appendix B), whose one filter for both would soften mere flips here: sym6 is not
quite symmetric. Places are (x, y) in pixels from the middle of the image. A map leads from a place in the result to its
place in the image, and beyond the edges the image is mirrored.
"""

import math

import torch
from torch import Tensor, nn

from ganzoo.augment import warp

SYM6 = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
"""Low-pass filter of the sym6 wavelet: orthonormal to itself under even shifts, so up and down again is exact."""
_TAPS = len(SYM6)
_CENTRE = sum(n * tap for n, tap in enumerate(SYM6)) / sum(SYM6)
"""Position of pixel 0 in the doubled signal, in samples after the first one that it reaches."""
_FIRST = math.floor(_CENTRE) - 1
_ROUNDING = 1e-5


class Resample(nn.Module):
    """Doubles images, samples them under a map with mirrored edges, and halves them; one filter for both."""

    up_rows: Tensor
    up_columns: Tensor
    down_rows: Tensor
    down_columns: Tensor

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        for name, side in (("rows", height), ("columns", width)):
            self.register_buffer(f"up_{name}", doubling(side), persistent=False)
            self.register_buffer(f"down_{name}", halving(side), persistent=False)

    def forward(self, images: Tensor, back: Tensor) -> Tensor:
        """Images B C H W under the maps `back`, B 3 3; the identity leaves them the same bit for bit."""
        height, width = images.shape[2:]
        fine = self.up_rows @ images @ self.up_columns.mT
        # The result is halved from these samples.
        x, y = ((torch.arange(2 * side + _TAPS - 2, device=images.device) - _CENTRE) / 2 for side in (width, height))
        x, y = _sources(x - (width - 1) / 2, y - (height - 1) / 2, back)
        moved = warp(fine, torch.stack([_in_grid(x, width), _in_grid(y, height)], dim=-1))
        changed = self.down_rows @ moved @ self.down_columns.mT
        same = (back - torch.eye(3, device=back.device)).abs().amax(dim=(1, 2)) < _ROUNDING
        return torch.where(same[:, None, None, None], images, changed)


def blit(images: Tensor, back: Tensor) -> Tensor:
    """Images B C H W under maps `back`, B 3 3, from whole pixels to whole pixels; no value changes."""
    batch, channels, height, width = images.shape
    x, y = (torch.arange(side, device=images.device) - (side - 1) / 2 for side in (width, height))
    x, y = _sources(x, y, back)
    pixels = _pixel(y, height) * width + _pixel(x, width)
    moved = images.flatten(2).gather(2, pixels.view(batch, 1, -1).expand(-1, channels, -1))
    return moved.view(images.shape)


def _sources(x: Tensor, y: Tensor, back: Tensor) -> tuple[Tensor, Tensor]:
    """The origins of the places at columns `x` and rows `y`: x and y, each B H W."""
    (xx, xy, x0), (yx, yy, y0) = (row[:, :, None, None].unbind(1) for row in back[:, :2].unbind(1))
    y = y[:, None]
    return xx * x + xy * y + x0, yx * x + yy * y + y0


def _from_edge(place: Tensor, side: int) -> Tensor:
    """Pixels from the first edge, mirrored into [0, side]."""
    return side - (side - (place + side / 2).remainder(2 * side)).abs()


def _pixel(place: Tensor, side: int) -> Tensor:
    return _from_edge(place, side).long().clamp(0, side - 1)


def _in_grid(place: Tensor, side: int) -> Tensor:
    """The place in the doubled image, in [-1, 1]."""
    sample = _CENTRE + 2 * (_from_edge(place, side) - 0.5) - _FIRST
    return (2 * sample + 1) / (2 * side + 3) - 1


def doubling(side: int) -> Tensor:
    """The matrix that doubles a signal with mirrored ends, (2·side + 3) x side, from sample `_FIRST` on."""
    matrix = torch.zeros(2 * side + 3, side, dtype=torch.float64)
    for pixel in range(-_TAPS, side + _TAPS):
        for n, tap in enumerate(SYM6):
            sample = 2 * pixel + n - _FIRST
            if 0 <= sample < len(matrix):
                matrix[sample, _mirrored(pixel, side)] += math.sqrt(2) * tap
    return matrix.float()


def halving(side: int) -> Tensor:
    """The matrix that halves a signal whose sample 0 is the first that pixel 0 reaches, side x (2·side + 10)."""
    matrix = torch.zeros(side, 2 * side + _TAPS - 2, dtype=torch.float64)
    for pixel in range(side):
        matrix[pixel, 2 * pixel : 2 * pixel + _TAPS] = torch.tensor(SYM6, dtype=torch.float64) / math.sqrt(2)
    return matrix.float()


def _mirrored(pixel: int, side: int) -> int:
    pixel %= 2 * side
    return min(pixel, 2 * side - 1 - pixel)
