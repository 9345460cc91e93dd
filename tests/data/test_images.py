"""Tensors to pictures."""

import math

import numpy as np
import pytest
import torch

from ganzoo.data.images import from_uint8, grid, to_uint8


def test_values_are_rounded_and_clamped() -> None:
    values = torch.tensor([-1.0, 1.0, 0.0, 2.0, -2.0, 254.6 / 127.5 - 1]).view(1, 1, 1, 6)
    assert to_uint8(values).flatten().tolist() == [0, 255, 128, 255, 0, 255]


def test_pixels_become_the_range_from_minus_one_to_one_and_come_back() -> None:
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 1, 256)
    images = from_uint8(pixels)
    assert (images.min(), images.max(), images.dtype) == (-1.0, 1.0, torch.float32)
    assert torch.equal(to_uint8(images), pixels)


def test_a_grid_places_images_row_by_row() -> None:
    images = torch.stack([torch.full((3, 4, 6), value) for value in (-1.0, 0.0, 1.0)])
    sheet = grid(images, columns=2)
    assert sheet.size == (2 * 8 + 2, 2 * 6 + 2)
    assert [sheet.getpixel(point)[0] for point in ((3, 3), (11, 3), (3, 9), (11, 9))] == [0, 128, 255, 255]


@pytest.mark.parametrize("count", [1, 3, 5, 12])
@pytest.mark.parametrize("columns", [None, 2, 20])
def test_a_grid_is_nearly_square_with_a_white_margin_of_two_pixels(count: int, columns: int | None) -> None:
    images = torch.rand(count, 3, 5, 9, generator=torch.Generator().manual_seed(count)) * 2 - 1
    across = min(columns or math.ceil(math.sqrt(count * 5 / 9)), count)
    expected = np.full((math.ceil(count / across) * 7 + 2, across * 11 + 2, 3), 255, np.uint8)
    for number, image in enumerate(to_uint8(images).permute(0, 2, 3, 1).numpy()):
        top, left = 2 + number // across * 7, 2 + number % across * 11
        expected[top : top + 5, left : left + 9] = image
    assert np.array_equal(np.asarray(grid(images, columns)), expected)
