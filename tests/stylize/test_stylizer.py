"""Images of any size, whole and in tiles, at any strength."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from ganzoo.stylize.tiles import sample, spans
from ganzoo.translator import ImageGenerator
from tests.stylize.small import CPU, Negative, Network, Small

ONE_PASS = 0.01
"""A stroke so small that every picture here is painted in one pass."""


def photo(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Large shapes with grain on them, brighter to the right, so that parts differ from the whole."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (max(2, height // 40), max(2, width // 40), 3), dtype=np.uint8))
    base = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    ramp = np.linspace(0.3, 1, width)[None, :, None]
    return np.clip(base * ramp + rng.normal(0, 8, base.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("length", "tile", "overlap"), [(100, 200, 32), (1000, 256, 64), (257, 256, 128), (513, 256, 4)]
)
def test_weights_of_tiles_sum_to_one_everywhere(length: int, tile: int, overlap: int) -> None:
    total = np.zeros(length)
    for span in spans(length, tile, overlap):
        total[span.start : span.stop] += span.weights
    assert np.allclose(total, 1, atol=1e-6)


def test_samples_lie_inside_and_do_not_overlap() -> None:
    for length, tile, count in ((1000, 128, 4), (130, 128, 9), (128, 128, 1)):
        starts = sample(length, tile, count)
        assert starts[0] >= 0 and starts[-1] + tile <= length
        assert all(b - a >= tile for a, b in pairwise(starts))


@pytest.mark.parametrize("size", [(1, 1), (37, 1021), (4001, 13), (64, 64), (65, 66)])
def test_every_size_comes_back_as_it_came(size: tuple[int, int]) -> None:
    pixels = photo(*size)
    translated = Stylizer(Small(Network()), CPU).stylize(pixels, StylizeOptions())
    assert translated.shape == pixels.shape and translated.dtype == np.uint8


def test_tiles_of_a_network_without_norms_are_exact() -> None:
    pixels = photo(500, 620)
    stylizer = Stylizer(Small(Network(norm=False)), CPU)
    whole, tiled = (
        stylizer.stylize(pixels, StylizeOptions(stroke=ONE_PASS, precision="fp32", tile=10_000)),
        stylizer.stylize(pixels, StylizeOptions(stroke=ONE_PASS, precision="fp32", tile=256)),
    )
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_shared_statistics_leave_no_seam_and_separate_ones_would() -> None:
    pixels = photo(640, 640)
    stylizer = Stylizer(Small(Network()), CPU)
    whole = stylizer.stylize(pixels, StylizeOptions(stroke=ONE_PASS, precision="fp32", tile=10_000)).astype(int)
    tiled = stylizer.stylize(pixels, StylizeOptions(stroke=ONE_PASS, precision="fp32", tile=256, memory=100)).astype(
        int
    )
    alone = stylizer.stylize(pixels[:, :256], StylizeOptions(stroke=ONE_PASS, precision="fp32", tile=10_000)).astype(
        int
    )
    shared_error = np.abs(tiled - whole).mean()
    alone_error = np.abs(alone - whole[:, :256]).mean()
    assert alone_error > 2.5 * shared_error
    steps = np.abs(np.diff(tiled - whole, axis=1)).mean(axis=(0, 2))
    assert steps.max() < steps.mean() + 1


class Framed(ImageGenerator):
    """Darkens what lies near the zeros with which it continues an image, as networks learn to."""

    def forward(self, images: Tensor) -> Tensor:
        near = avg_pool2d(torch.ones_like(images), 9, stride=1, padding=4)
        return images - (1 - near)


def test_no_frame_is_painted_along_the_border() -> None:
    pixels = np.full((50, 61, 3), 200, np.uint8)
    assert Framed()(torch.full((1, 3, 50, 61), 0.5)).min() < 0.1  # the network by itself does paint one
    for tile in (0, 64):
        assert (Stylizer(Small(Framed()), CPU).stylize(pixels, StylizeOptions(tile=tile)) == 200).all()


def test_little_memory_makes_tiles_of_what_is_large() -> None:
    stylizer = Stylizer(Small(Network()), CPU)
    sizes: list[tuple[int, ...]] = []
    stylizer.translator.generator.register_forward_hook(lambda _, inputs, __: sizes.append(tuple(inputs[0].shape)))
    stylizer.stylize(photo(900, 1100), StylizeOptions(stroke=ONE_PASS, precision="fp32", memory=50))
    assert len(sizes) > 3 and max(h * w for _, _, h, w in sizes) * stylizer._bytes < 50e6


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 1.5])
def test_strength_goes_from_the_photo_through_the_painting_and_beyond(strength: float) -> None:
    pixels = np.full((40, 40, 3), 100, np.uint8)
    translated = Stylizer(Small(Negative()), CPU).stylize(pixels, StylizeOptions(strength=strength))
    value = int(translated[20, 20, 0])
    assert {0.0: value == 100, 0.5: 120 < value < 135, 1.0: value == 155, 1.5: 170 < value < 195}[strength]


def test_kept_colours_change_in_lightness_only() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8) + np.array([60, 90, 160], np.uint8)
    plain = Stylizer(Small(Negative()), CPU).stylize(pixels, StylizeOptions())
    kept = Stylizer(Small(Negative()), CPU).stylize(pixels, StylizeOptions(keep_color=True))
    assert plain[0, 0].argmin() == 2 and kept[0, 0].argmax() == 2 and kept.mean() > pixels.mean()


def test_a_mask_paints_what_is_white() -> None:
    pixels = photo(300, 90)
    mask = np.zeros((300, 90), np.float32)
    mask[:, 45:] = 1
    translated = Stylizer(Small(Negative()), CPU).stylize(pixels, StylizeOptions(), mask=mask)
    assert np.abs(translated[:, :45].astype(int) - pixels[:, :45]).max() <= 1
    assert np.abs(translated[:, 45:].astype(int) - (255 - pixels[:, 45:].astype(int))).max() <= 1


def test_norms_are_as_they_were_after_painting() -> None:
    translator = Small(Network())
    before = translator.generator(torch.zeros(1, 3, 32, 32))
    Stylizer(translator, CPU).stylize(photo(600, 600), StylizeOptions(stroke=ONE_PASS, precision="fp32", tile=128))
    assert torch.equal(before, translator.generator(torch.zeros(1, 3, 32, 32)))
