"""Painting coarse to fine: which copies are painted, and what is kept from one to the next."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from ganzoo.errors import UsageError
from ganzoo.stylize.levels import coarse_to_fine, first_side, sides
from ganzoo.stylize.pixels import Pixels
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from tests.stylize.small import CPU, Negative, Network, Small
from tests.stylize.test_stylizer import photo


def shrunk(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def noting(paint: Callable[[Pixels], Pixels], seen: list[Pixels]) -> Callable[[Pixels], Pixels]:
    def painted(pixels: Pixels) -> Pixels:
        seen.append(paint(pixels))
        return seen[-1]

    return painted


@pytest.mark.parametrize("shorter", [1, 40, 256, 350, 384, 720, 1600, 3000, 4000])
def test_copies_grow_in_steps_that_are_neither_small_nor_large(shorter: int) -> None:
    found = sides(shorter, 256)
    assert found[-1] == shorter and (len(found) == 1) == (shorter < 1.4 * 256)
    assert len(found) == 1 or found[0] == 256
    assert all(1.39 <= fine / coarse <= 3.02 for coarse, fine in pairwise(found))


@pytest.mark.parametrize(
    ("height", "width", "side"), [(300, 300, 256), (100, 400, 128), (400, 100, 128), (90, 160, 192)]
)
def test_the_first_copy_covers_as_much_as_a_square(height: int, width: int, side: float) -> None:
    found = first_side(height, width, 256)
    assert found == pytest.approx(side)
    assert found * found * max(height, width) / min(height, width) == pytest.approx(256**2)


def test_a_wide_picture_is_painted_from_a_smaller_copy_than_a_square_one() -> None:
    stylizer = Stylizer(Small(Network()), CPU, whole_view=128)
    sizes: list[tuple[int, ...]] = []
    stylizer.translator.generator.register_forward_hook(lambda _, given, __: sizes.append(tuple(given[0].shape[2:])))
    for height, width in ((128, 128), (128, 512)):
        stylizer.stylize(photo(height, width), StylizeOptions(precision="bf16"))
    assert sizes == [(128 + 64, 128 + 64), (64 + 64, 256 + 64), (128 + 64, 512 + 64)]  # with a margin of 32


def test_a_shrunk_painting_is_the_coarser_one() -> None:
    seen: list[Pixels] = []
    pixels = photo(300, 420)
    painting = coarse_to_fine(pixels, [100, 300], noting(lambda copy: 255 - copy, seen), 0.35)
    again = shrunk(painting, seen[0].shape).astype(int)
    assert np.abs(again - seen[0]).mean() < 2
    assert np.abs(shrunk(seen[1], seen[0].shape).astype(int) - seen[0]).mean() > 20  # without the correction


def test_detail_is_the_part_of_the_photo_that_the_coarser_painting_lacks() -> None:
    pixels = photo(300, 300)
    none, all_of_it = (coarse_to_fine(pixels, [100, 300], lambda copy: copy, detail) for detail in (0.0, 1.0))
    assert np.abs(all_of_it.astype(int) - pixels).mean() < 1
    soft = shrunk(shrunk(pixels, (100, 100)), (300, 300)).astype(int)
    assert np.abs(none.astype(int) - soft).mean() < 2


@pytest.mark.parametrize(("stroke", "first"), [(0.5, 128), (1.0, 64), (2.0, 32)])
def test_the_first_copy_is_smaller_the_larger_the_strokes(stroke: float, first: int) -> None:
    stylizer = Stylizer(Small(Network()), CPU, whole_view=64)
    sizes: list[int] = []
    stylizer.translator.generator.register_forward_hook(lambda _, given, __: sizes.append(given[0].shape[2]))
    stylizer.stylize(photo(384, 400), StylizeOptions(stroke=stroke, precision="bf16"))
    assert sizes[0] == first + 64 and sizes[-1] == 384 + 64  # with a margin of 32


def test_a_picture_that_is_seen_whole_is_painted_in_one_pass() -> None:
    calls: list[int] = []
    stylizer = Stylizer(Small(Network()), CPU, whole_view=256)
    stylizer.translator.generator.register_forward_hook(lambda *_: calls.append(1))
    stylizer.stylize(photo(250, 500), StylizeOptions(precision="bf16"))
    assert len(calls) == 1


def test_strength_0_is_the_photo_and_runs_no_network() -> None:
    stylizer = Stylizer(Small(Negative()), CPU)
    stylizer.translator.generator.register_forward_hook(lambda *_: pytest.fail("the network ran"))
    pixels = photo(300, 400)
    assert np.array_equal(stylizer.stylize(pixels, StylizeOptions(strength=0)), pixels)


class NativeSmall(Small):
    """Passes through what it gets at strength 0."""

    native_strength = True

    def translate(self, images: torch.Tensor, *, strength=None, style=None) -> torch.Tensor:
        part = 1.0 if strength is None else strength[:, None, None, None]
        return torch.lerp(images, self.generator(images), torch.as_tensor(part))


def test_little_of_a_strength_of_its_own_keeps_the_detail_of_the_photo() -> None:
    pixels = photo(300, 300)
    stylizer = Stylizer(NativeSmall(Network()), CPU, whole_view=64)
    faint = stylizer.stylize(pixels, StylizeOptions(strength=0.01, detail=0, precision="fp32"))
    assert np.abs(faint.astype(int) - pixels).mean() < 4


def test_tiles_are_exact_in_every_pass() -> None:
    pixels = photo(500, 620)
    stylizer = Stylizer(Small(Network(norm=False)), CPU, whole_view=300)
    whole, tiled = (
        stylizer.stylize(pixels, StylizeOptions(tile=tile, precision="fp32")).astype(int) for tile in (10_000, 256)
    )
    assert np.abs(tiled - whole).max() <= 5 and np.abs(tiled - whole).mean() < 0.1


@pytest.mark.parametrize("stroke", [0, -1])
def test_a_stroke_without_size_is_refused(stroke: float) -> None:
    with pytest.raises(UsageError, match=f"stroke={stroke}: give a number above 0"):
        StylizeOptions(stroke=stroke)
