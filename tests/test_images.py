"""Tensors to pictures."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from ganzoo.errors import UsageError
from ganzoo.images import grid, save_animation, to_pil, to_uint8


def test_values_are_rounded_and_clamped() -> None:
    values = torch.tensor([-1.0, 1.0, 0.0, 2.0, -2.0, 254.6 / 127.5 - 1]).view(1, 1, 1, 6)
    assert to_uint8(values).flatten().tolist() == [0, 255, 128, 255, 0, 255]


def test_a_grid_places_images_row_by_row() -> None:
    images = torch.stack([torch.full((3, 4, 6), value) for value in (-1.0, 0.0, 1.0)])
    sheet = grid(images, columns=2)
    assert sheet.size == (2 * 8 + 2, 2 * 6 + 2)
    assert [sheet.getpixel(point)[0] for point in ((3, 3), (11, 3), (3, 9), (11, 9))] == [0, 128, 255, 255]


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_an_animation_has_all_frames_and_loops(tmp_path: Path, ending: str) -> None:
    slow = torch.linspace(-1, 1, 16).view(1, 1, 16, 1) * torch.linspace(0.6, 1, 20).view(20, 1, 1, 1)
    save_animation(to_pil(slow.expand(20, 3, 16, 16)), tmp_path / f"x{ending}")
    with Image.open(tmp_path / f"x{ending}") as saved:
        assert saved.n_frames == 20 and saved.info["loop"] == 0
    with pytest.raises(UsageError, match="written as"):
        save_animation(to_pil(torch.zeros(1, 3, 4, 4)), tmp_path / "x.png")
