"""Crops: exact at both ends of their scales, spread between them, and each independent of its batch."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ganzoo.batch import SharedGenerator
from ganzoo.config.units import Size
from ganzoo.data.crop import crop, cropped

SIZES = [(Size(16, 16), (40, 40)), (Size(16, 32), (48, 96)), (Size(12, 12), (30, 50))]


def noise(height: int, width: int, count: int = 1) -> Tensor:
    """As images are taken from the cache: B 3 H W, channels last in memory."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def ramps(side: int) -> Tensor:
    """Pixels that say where they are: the row in the first channel, the column in the second."""
    place = torch.arange(side, dtype=torch.uint8)
    return torch.stack([place[:, None].expand(side, side), place.expand(side, side), torch.zeros(side, side)]).byte()


@pytest.mark.parametrize(("size", "shape"), SIZES)
def test_at_whole_scale_it_is_the_resized_picture(size: Size, shape: tuple[int, int]) -> None:
    image = noise(*shape)[0]
    height, width = (
        round(side * min(shape[0] / size.height, shape[1] / size.width)) for side in (*vars(size).values(),)
    )
    assert height == shape[0]
    left = int(0.4 * (shape[1] - width + 1))
    picture = Image.fromarray(image.permute(1, 2, 0).numpy()).crop((left, 0, left + width, height))
    expected = np.asarray(picture.resize((size.width, size.height), Image.Resampling.BICUBIC), np.int16)
    found = crop(image, size, 1, 0.9, 0.4).permute(1, 2, 0).numpy()
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize(("size", "shape"), SIZES)
def test_at_native_scale_it_is_the_pixels_themselves(size: Size, shape: tuple[int, int]) -> None:
    image = noise(*shape)[0]
    top, left = shape[0] - size.height, (shape[1] - size.width + 1) // 2
    expected = image[:, top : top + size.height, left : left + size.width]
    assert torch.equal(crop(image, size, 0, math.nextafter(1, 0), 0.5), expected)


def test_a_picture_of_the_size_stays_the_same_at_every_scale() -> None:
    images = noise(16, 16, 8)
    assert torch.equal(cropped(images, Size(16, 16), torch.Generator()), images)


def test_fine_detail_turns_grey_and_not_into_other_patterns() -> None:
    board = (torch.arange(96)[:, None] + torch.arange(96)).remainder(2).mul(255).byte().expand(3, 96, 96)
    whole = crop(board, Size(32, 32), 1, 0, 0).float()
    assert (whole - 127.5).abs()[:, 2:-2, 2:-2].max() < 8


def test_scales_are_uniform_in_logarithm_and_places_reach_every_edge() -> None:
    side, size, count = 240, Size(24, 24), 3000
    images = ramps(side).expand(count, 3, side, side)
    found = cropped(images, size, torch.Generator().manual_seed(0)).float()
    first, last = (found[:, :2].amin((2, 3)), found[:, :2].amax((2, 3)))
    windows = (last - first)[:, 0].add(1) / size.height  # from 1, native, to 10, whole
    scales = windows.log10()
    quarters = torch.quantile(scales, torch.tensor([0.25, 0.5, 0.75])).tolist()
    assert quarters == pytest.approx([0.25, 0.5, 0.75], abs=0.05)
    assert scales.min() < 0.02 and scales.max() > 0.97
    native = windows < 1.5
    assert (first[native].amin(0) < 8).all() and (last[native].amax(0) > side - 9).all()
    middle = (first + last)[native] / 2
    assert middle.mean(0).tolist() == pytest.approx([(side - 1) / 2] * 2, abs=12)


@pytest.mark.parametrize("count", [2, 4])
def test_the_crop_of_an_image_depends_on_no_other_and_on_no_number_of_processes(count: int) -> None:
    images, size = noise(40, 40, 8), Size(16, 16)
    rng = SharedGenerator(1, 0, 8)
    whole, after = cropped(images, size, rng.manual_seed(7)), rng.get_state()
    parts = []
    for rank, own in enumerate(images.split(8 // count)):
        rng = SharedGenerator(count, rank, len(own))
        parts.append(cropped(own, size, rng.manual_seed(7)))
        assert torch.equal(rng.get_state(), after)
    assert torch.equal(torch.cat(parts), whole)
