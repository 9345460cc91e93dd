"""Tensors to pictures."""

import torch

from ganzoo.data.images import grid, to_uint8


def test_values_are_rounded_and_clamped() -> None:
    values = torch.tensor([-1.0, 1.0, 0.0, 2.0, -2.0, 254.6 / 127.5 - 1]).view(1, 1, 1, 6)
    assert to_uint8(values).flatten().tolist() == [0, 255, 128, 255, 0, 255]


def test_a_grid_places_images_row_by_row() -> None:
    images = torch.stack([torch.full((3, 4, 6), value) for value in (-1.0, 0.0, 1.0)])
    sheet = grid(images, columns=2)
    assert sheet.size == (2 * 8 + 2, 2 * 6 + 2)
    assert [sheet.getpixel(point)[0] for point in ((3, 3), (11, 3), (3, 9), (11, 9))] == [0, 128, 255, 255]
