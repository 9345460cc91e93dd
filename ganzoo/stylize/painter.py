"""Paints one image of any size: whole where it fits into memory, else in tiles without seams."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.data.images import from_uint8
from ganzoo.stylize import colors
from ganzoo.stylize.statistics import Statistics, gathered, held, norms_in
from ganzoo.stylize.tiles import Span, sample, spans
from ganzoo.translator import Translator

Pixels = NDArray[np.uint8]
_LEAST = 32
"""Smallest side that a network is given; smaller images are continued by their mirror image."""
_OVERLAP = 128
"""Pixels that neighbouring tiles share: most of what a network sees around a pixel."""
_SAMPLE = 192
"""Side of the tiles from which norm statistics are gathered."""
_STRIP = 256
"""Rows that are blended at once."""
_WORKSPACE = 5
"""Largest maps of a network that are in memory at a time, with what convolutions need."""


@dataclass(frozen=True, kw_only=True)
class StylizeOptions:
    """How to paint.

    `strength` 0 is the photo, 1 the painting, up to 2 goes beyond. `keep_color` takes lightness from the painting only.
    `tile` is the side of tiles in pixels, 0 for as large as `memory` (MB) allows, whole images included. `work_size`
    paints a copy with that shorter side and carries the change over to the image, for strokes that show in large
    photos; 0 paints at full size.
    """

    strength: float = 1.0
    keep_color: bool = False
    tile: int = 0
    memory: int = 600
    work_size: int = 0


class Painter:
    """A translator in evaluation mode on its device; `style` M is what it paints like, if it takes one."""

    def __init__(self, translator: Translator, device: torch.device, *, style: Tensor | None = None) -> None:
        self.translator = translator
        self.device = device
        self.style = style
        self._layout = translator.layout(device)
        self._bytes = _bytes_a_pixel(self.network(), translator, device)

    @torch.inference_mode()
    def paint(self, pixels: Pixels, brush: StylizeOptions, *, mask: NDArray[np.float32] | None = None) -> Pixels:
        """Pixels H W 3 -> painted pixels of the same shape; `mask` H W in [0, 1] says how much of it where."""
        height, width = pixels.shape[:2]
        native = self.translator.native_strength and brush.strength != 1.0
        network = self.network(brush.strength)
        small = _resized(pixels, brush.work_size) if 0 < brush.work_size < min(height, width) else None
        painted = self._painted(pixels if small is None else small, network, brush)
        amount = 1.0 if native else brush.strength
        if small is None and amount == 1.0 and not brush.keep_color and mask is None:
            return painted
        result = np.empty_like(pixels)
        for top in range(0, height, _STRIP):
            rows = slice(top, min(top + _STRIP, height))
            photo = _unit(pixels[rows], self.device)
            painting = (
                _unit(painted[rows], self.device) if small is None else _carried(photo, small, painted, rows, height)
            )
            if brush.keep_color:
                painting = colors.recolored(photo, painting)
            if amount != 1.0 or mask is not None:
                part: Tensor | float = amount
                if mask is not None:
                    part = amount * torch.from_numpy(mask[rows]).to(self.device)[None, None]
                painting = colors.blended(photo, painting, part)
            result[rows] = _bytes(painting)
        return result

    def network(self, strength: float = 1.0) -> Callable[[Tensor], Tensor]:
        """Images B 3 H W in [-1, 1] -> painted ones."""

        def paint(images: Tensor) -> Tensor:
            told: dict[str, Tensor] = {}
            if self.translator.native_strength and strength != 1.0:
                told["strength"] = images.new_full((len(images),), strength)
            if self.style is not None:
                told["style"] = self.style.expand(len(images), -1)
            return self.translator.translate(images, **told)

        return paint

    def _painted(self, pixels: Pixels, network: Callable[[Tensor], Tensor], brush: StylizeOptions) -> Pixels:
        height, width = pixels.shape[:2]
        padded = _padded(pixels, self.translator.size_multiple)
        tile = self._tile(brush, padded.shape[:2])
        if max(padded.shape[:2]) <= tile:
            return _bytes((network(self._signed(padded)) + 1) / 2)[:height, :width]
        overlap = min(_round_up(_OVERLAP, self.translator.size_multiple), tile // 2)
        rows, columns = (
            _aligned(spans(side, tile, overlap), self.translator.size_multiple) for side in padded.shape[:2]
        )
        statistics = self._statistics(padded, network, brush)
        painted = np.zeros(padded.shape, np.float32)
        with held(self.translator, statistics):
            for row in rows:
                for column in columns:
                    piece = padded[row.start : row.stop, column.start : column.stop]
                    weights = row.weights[:, None, None] * column.weights[None, :, None]
                    values = network(self._signed(piece))[0].permute(1, 2, 0).float().cpu().numpy()
                    painted[row.start : row.stop, column.start : column.stop] += weights * values
        return _rounded(painted[:height, :width])

    def _statistics(self, padded: Pixels, network: Callable[[Tensor], Tensor], brush: StylizeOptions) -> Statistics:
        """Of tiles all over the image at once, as many as the memory holds."""
        if not norms_in(self.translator):
            return {}
        side = min(_round_up(_SAMPLE, self.translator.size_multiple), *padded.shape[:2])
        side -= side % self.translator.size_multiple
        most = max(1, int(brush.memory * 1e6 / self._bytes / side**2))
        ratio = padded.shape[0] / padded.shape[1]
        down = max(1, round(math.sqrt(most * ratio)))
        tops = sample(padded.shape[0], side, down)
        lefts = sample(padded.shape[1], side, max(1, most // len(tops)))
        tiles = [self._signed(padded[t : t + side, left : left + side]) for t in tops for left in lefts]
        with gathered(self.translator) as found:
            network(torch.cat(tiles))
        return found

    def _signed(self, pixels: Pixels) -> Tensor:
        """H W 3 -> 1 3 H W in [-1, 1]."""
        images = torch.from_numpy(np.array(pixels)).to(self.device).permute(2, 0, 1)[None]
        return from_uint8(images).contiguous(memory_format=self._layout)

    def _tile(self, brush: StylizeOptions, shape: tuple[int, ...]) -> int:
        """Side of a tile: what was asked for, or the largest that the memory allows."""
        unit = self.translator.size_multiple
        if brush.tile:
            return _round_up(max(brush.tile, 2 * _LEAST), unit)
        pixels = brush.memory * 1e6 / self._bytes
        if shape[0] * shape[1] <= pixels:
            return max(shape)
        return max(_round_up(4 * _OVERLAP, unit), int(math.sqrt(pixels)) // unit * unit)


def _bytes_a_pixel(network: Callable[[Tensor], Tensor], translator: Translator, device: torch.device) -> float:
    """Memory that painting needs for each pixel, by the largest map that the network makes of a small image."""
    largest = 0

    def note(_: nn.Module, __: object, output: object) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.numel() * output.element_size())

    handles = [module.register_forward_hook(note) for module in translator.modules()]
    side = _round_up(2 * _LEAST, translator.size_multiple)
    with torch.inference_mode():
        network(torch.zeros(1, 3, side, side, device=device))
    for handle in handles:
        handle.remove()
    return max(1.0, _WORKSPACE * largest / side**2)


def _aligned(tiles: list[Span], unit: int) -> list[Span]:
    """Tiles that start on the grid of the network's coarsest map, so that each place is computed alike in all."""
    moved = []
    for one in tiles:
        shift = one.start % unit
        moved.append(Span(one.start - shift, one.stop, np.pad(one.weights, (shift, 0))) if shift else one)
    return [_even(one, unit) for one in moved]


def _even(one: Span, unit: int) -> Span:
    """A whole number of units long; lengths of padded images are, so there is room."""
    more = -(one.stop - one.start) % unit
    return Span(one.start, one.stop + more, np.pad(one.weights, (0, more))) if more else one


def _padded(pixels: Pixels, unit: int) -> Pixels:
    """Continued to the right and below by its mirror image, up to a size that the network takes."""
    least = _round_up(_LEAST, 2 * unit)
    more = [max(_round_up(side, unit), least) - side for side in pixels.shape[:2]]
    return np.pad(pixels, ((0, more[0]), (0, more[1]), (0, 0)), mode="symmetric") if any(more) else pixels


def _round_up(length: int, unit: int) -> int:
    return -(-length // unit) * unit


def _unit(pixels: Pixels, device: torch.device) -> Tensor:
    """H W 3 -> 1 3 H W in [0, 1]."""
    return torch.from_numpy(np.array(pixels)).to(device).permute(2, 0, 1)[None].float() / 255


def _bytes(images: Tensor) -> Pixels:
    """1 3 H W in [0, 1] -> H W 3, rounded."""
    return (images[0].float() * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def _rounded(values: NDArray[np.float32]) -> Pixels:
    """H W 3 in [-1, 1] -> bytes, some rows at a time."""
    result = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), _STRIP):
        part = values[top : top + _STRIP]
        result[top : top + _STRIP] = np.clip(np.rint(part * 127.5 + 127.5), 0, 255)
    return result


def _resized(pixels: Pixels, side: int) -> Pixels:
    height, width = pixels.shape[:2]
    factor = side / min(height, width)
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    image = _unit(pixels, torch.device("cpu"))
    return _bytes(functional.interpolate(image, size=size, mode="bicubic", antialias=True))


def _carried(photo: Tensor, small: Pixels, painted: Pixels, rows: slice, height: int) -> Tensor:
    """The change that painting made to the small copy, added to these rows of the photo."""
    # Some rows more than needed, so that the enlarged strips meet without a seam.
    factor = len(small) / height
    top, bottom = max(0, int(rows.start * factor) - 4), min(len(small), math.ceil(rows.stop * factor) + 4)
    change = _unit(painted[top:bottom], photo.device) - _unit(small[top:bottom], photo.device)
    offset = rows.start * factor - top
    return (photo + _enlarged(change, photo.shape[2:], factor, offset)).clamp(0, 1)


def _enlarged(change: Tensor, size: "torch.Size", factor: float, offset: float) -> Tensor:
    """Rows from `offset` on, bilinearly, at `size`; as if the whole had been enlarged at once."""
    height, width = size
    y = (torch.arange(height, device=change.device) + 0.5) * factor + offset
    x = (torch.arange(width, device=change.device) + 0.5) * (change.shape[3] / width)
    across, down = x * 2 / change.shape[3] - 1, y * 2 / change.shape[2] - 1
    grid = torch.stack([across.expand(height, -1), down[:, None].expand(-1, width)], dim=2)
    return functional.grid_sample(change, grid[None], mode="bicubic", padding_mode="border", align_corners=False)
