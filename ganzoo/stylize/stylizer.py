"""Applies a translator to a picture of any size: whole where it fits into memory, else in tiles without seams."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.data.images import from_uint8
from ganzoo.errors import UsageError
from ganzoo.stylize import colors
from ganzoo.stylize.levels import coarse_to_fine, first_side, sides
from ganzoo.stylize.pixels import Pixels, as_images, as_pixels, padded, round_up, rounded
from ganzoo.stylize.quick import QuickPadding
from ganzoo.stylize.statistics import Statistics, gathered, held, measured, norms_in
from ganzoo.stylize.tiles import aligned, sample, spans
from ganzoo.stylize.ways import AUTO, BF16, Way, way_for
from ganzoo.translator import Translator

_LEAST = 32
"""Smallest side that a network receives; smaller images are continued by their mirror image."""
_MARGIN = 32
"""Pixels of mirror image around a picture: where their padding is seen, networks paint lines along the border."""
_OVERLAP = 128
"""Pixels that neighbouring tiles share. They cover most of what a network sees around a pixel."""
_SAMPLE = 192
"""Side of the tiles from which norm statistics are gathered."""
_STRIP = 256
"""Rows that are blended at once."""
_WORKSPACE = 5
"""How many of a network's largest maps are in memory at a time, including what convolutions need."""

_GAIN = 1.4
"""How many times as many pixels the memory holds in bf16; images and results stay in fp32."""


@dataclass(frozen=True, kw_only=True)
class StylizeOptions:
    """How to translate a picture.

    `strength` runs from 0, the photo, to 1, the translation; up to 2 goes beyond it. `stroke` is the size of strokes
    relative to the picture: with 1 they are as in the paintings when both are looked at whole, however large the
    picture is. `detail`, from 0 to 1, says how much of the photo's fine detail is painted. `keep_color` changes the
    lightness only. `tile` is the side of tiles in pixels; with 0 they are as large as `memory` (MB) allows, up to the
    whole picture. `precision` is fp32, bf16, or auto: the faster one on this machine, if the model holds it.
    """

    strength: float = 1.0
    stroke: float = 1.0
    detail: float = 0.35
    keep_color: bool = False
    tile: int = 0
    memory: int = 600
    precision: str = AUTO

    def __post_init__(self) -> None:
        if self.stroke <= 0:
            raise UsageError(f"stroke={self.stroke:g}: give a number above 0, such as 1")


class Stylizer:
    """Applies a translator, in evaluation mode and on its device, to pictures of any size.

    `style` M is the style to translate into, for a translator that takes one. `whole_view` is the shorter side at which
    paintings were looked at whole while it learnt.
    """

    def __init__(
        self, translator: Translator, device: torch.device, *, style: Tensor | None = None, whole_view: int = 256
    ) -> None:
        self.translator = translator
        self.device = device
        self.style = style
        self.whole_view = whole_view
        self._ways: dict[str, Way] = {}
        self._bytes = _bytes_a_pixel(self.network(), translator, device)

    @torch.inference_mode()
    def stylize(self, pixels: Pixels, options: StylizeOptions, *, mask: NDArray[np.float32] | None = None) -> Pixels:
        """Pixels H W 3 -> translated pixels of the same shape; `mask` H W in [0, 1] says how much at each place."""
        if options.strength == 0:
            return pixels.copy()
        native = self.translator.native_strength and options.strength != 1.0
        amount = 1.0 if native else options.strength
        detail = max(options.detail, 1 - options.strength) if native else options.detail
        height, width = pixels.shape[:2]
        copies = sides(min(height, width), first_side(height, width, self.whole_view / options.stroke))
        translated = coarse_to_fine(pixels, copies, lambda copy: self._translated(copy, options), detail)
        if amount == 1.0 and not options.keep_color and mask is None:
            return translated
        result = np.empty_like(pixels)
        for top in range(0, len(pixels), _STRIP):
            rows = slice(top, top + _STRIP)
            photo, painting = as_images(pixels[rows], self.device), as_images(translated[rows], self.device)
            part = None if mask is None else torch.from_numpy(mask[rows]).to(self.device)[None, None]
            result[rows] = as_pixels(_blended(photo, painting, amount, part, keep_color=options.keep_color))
        return result

    def way(self, options: StylizeOptions) -> Way:
        """How the network computes with these options, measured at first."""
        if options.precision not in self._ways:
            weights = self.translator.generator.state_dict()
            self._ways[options.precision] = way_for(options.precision, self._compute, weights, self.device)
        return self._ways[options.precision]

    def network(self, strength: float = 1.0) -> Callable[[Tensor], Tensor]:
        """The translator as a function of images alone: B 3 H W in [-1, 1] -> the same translated."""

        def translate(images: Tensor) -> Tensor:
            given: dict[str, Tensor] = {}
            if self.translator.native_strength and strength != 1.0:
                given["strength"] = images.new_full((len(images),), strength)
            if self.style is not None:
                given["style"] = self.style.expand(len(images), -1)
            return self.translator.translate(images, **given)

        return translate

    @torch.inference_mode()
    def _compute(self, images: Tensor, way: Way) -> Tensor:
        """Images as the network translates them in that way, whole, enlarged to a size that it takes."""
        size = [round_up(side, self.translator.size_multiple) for side in images.shape[2:]]
        whole = functional.interpolate(images, size) if size != [*images.shape[2:]] else images
        with self._computing(way), measured(self.translator):
            result: Tensor = self.network()(whole.to(self.device).contiguous(memory_format=way.layout))
        return result.float().cpu()

    @contextmanager
    def _computing(self, way: Way) -> Iterator[None]:
        with QuickPadding(), torch.autocast(self.device.type, torch.bfloat16, enabled=way.precision == BF16):
            yield

    def _translated(self, pixels: Pixels, options: StylizeOptions) -> Pixels:
        """Translates in one pass at full strength, or at the wanted strength if it is native to the translator."""
        network, way = self.network(options.strength), self.way(options)
        margin = round_up(_MARGIN, self.translator.size_multiple)
        whole = padded(pixels, self.translator.size_multiple, least=_LEAST, margin=margin)
        rows, columns = (slice(margin, margin + side) for side in pixels.shape[:2])
        tile = self._tile(options, whole.shape[:2])
        with self._computing(way):
            if max(whole.shape[:2]) <= tile:
                with measured(self.translator):
                    return as_pixels((network(self._signed(whole, way)).float() + 1) / 2)[rows, columns]
            statistics = self._statistics(whole, network, options)
            with held(self.translator, statistics):
                translated = self._in_tiles(whole, network, tile, way)
        return rounded(translated[rows, columns], rows=_STRIP)

    def _in_tiles(self, whole: Pixels, network: Callable[[Tensor], Tensor], tile: int, way: Way) -> NDArray[np.float32]:
        """Translates tile by tile: H W 3 in [-1, 1], each pixel the weighted sum of the tiles that cover it."""
        multiple = self.translator.size_multiple
        overlap = min(round_up(_OVERLAP, multiple), tile // 2)
        rows, columns = (aligned(spans(side, tile, overlap), multiple) for side in whole.shape[:2])
        translated = np.zeros(whole.shape, np.float32)
        for row in rows:
            for column in columns:
                piece = whole[row.start : row.stop, column.start : column.stop]
                weights = row.weights[:, None, None] * column.weights[None, :, None]
                values = network(self._signed(piece, way))[0].permute(1, 2, 0).float().cpu().numpy()
                translated[row.start : row.stop, column.start : column.stop] += weights * values
        return translated

    def _statistics(self, whole: Pixels, network: Callable[[Tensor], Tensor], options: StylizeOptions) -> Statistics:
        """The norm statistics of tiles all over the image, as many as the memory holds at once."""
        if not norms_in(self.translator):
            return {}
        side = min(round_up(_SAMPLE, self.translator.size_multiple), *whole.shape[:2])
        side -= side % self.translator.size_multiple
        most = max(1, int(self._fitting(options) / side**2))
        ratio = whole.shape[0] / whole.shape[1]
        down = max(1, round(math.sqrt(most * ratio)))
        tops = sample(whole.shape[0], side, down)
        lefts = sample(whole.shape[1], side, max(1, most // len(tops)))
        way = self.way(options)
        tiles = [self._signed(whole[t : t + side, left : left + side], way) for t in tops for left in lefts]
        with gathered(self.translator) as found:
            network(torch.cat(tiles))
        return found

    def _signed(self, pixels: Pixels, way: Way) -> Tensor:
        """H W 3 -> 1 3 H W in [-1, 1]."""
        images = torch.from_numpy(np.array(pixels)).to(self.device).permute(2, 0, 1)[None]
        return from_uint8(images).contiguous(memory_format=way.layout)

    def _fitting(self, options: StylizeOptions) -> float:
        """How many pixels the memory holds at once."""
        gain = _GAIN if self.way(options).precision == BF16 else 1.0
        return options.memory * 1e6 / self._bytes * gain

    def _tile(self, options: StylizeOptions, shape: tuple[int, ...]) -> int:
        """The side of a tile: the one asked for, or the largest that the memory allows."""
        multiple = self.translator.size_multiple
        if options.tile:
            return round_up(max(options.tile, 2 * _LEAST), multiple)
        pixels = self._fitting(options)
        if shape[0] * shape[1] <= pixels:
            return max(shape)
        return max(round_up(4 * _OVERLAP, multiple), int(math.sqrt(pixels)) // multiple * multiple)


def _blended(photo: Tensor, painting: Tensor, amount: float, mask: Tensor | None, *, keep_color: bool) -> Tensor:
    """Blends photo and painting 1 3 H W in [0, 1]; `mask` 1 1 H W says how much at each place."""
    if keep_color:
        painting = colors.recolored(photo, painting)
    if mask is not None:
        return colors.blended(photo, painting, amount * mask)
    return painting if amount == 1.0 else colors.blended(photo, painting, amount)


def _bytes_a_pixel(network: Callable[[Tensor], Tensor], translator: Translator, device: torch.device) -> float:
    """The memory that each pixel needs, estimated from the largest map that the network makes of a small image."""
    largest = 0

    def note(_: nn.Module, __: object, output: object) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.numel() * output.element_size())

    handles = [module.register_forward_hook(note) for module in translator.modules()]
    side = round_up(2 * _LEAST, translator.size_multiple)
    with torch.inference_mode():
        network(torch.zeros(1, 3, side, side, device=device))
    for handle in handles:
        handle.remove()
    return max(1.0, _WORKSPACE * largest / side**2)
