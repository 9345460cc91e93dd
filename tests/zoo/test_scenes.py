"""The data set of landscapes: the same everywhere, true to its labels, and painted without moving."""

import random

import numpy as np
import pytest
import torch
from ganzoo_plugins.scenes.draw import SEASONS, TIMES, draw, labels
from ganzoo_plugins.scenes.filters import edges, luminance
from ganzoo_plugins.scenes.paint import RENDITIONS, paint
from ganzoo_plugins.scenes.recipe import recipe
from torch import Tensor

COUNT = 200


@pytest.fixture(scope="module")
def many() -> Tensor:
    return draw(0, range(COUNT), (64, 64))


def brightness(images: Tensor) -> Tensor:
    return luminance(images.float() / 255.0)


def small(images: Tensor) -> Tensor:
    """Images in 0..1 averaged down to 8 by 8 and flattened: B 192."""
    return torch.nn.functional.adaptive_avg_pool2d(images.float() / 255.0, 8).flatten(1)


def contours(images: Tensor) -> Tensor:
    """Strength of the edges in colour, which a change of colours leaves in place."""
    return edges(images.float() / 255.0, 1).sqrt()


def correlation(a: Tensor, b: Tensor) -> Tensor:
    a, b = a.flatten(1), b.flatten(1)
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)


def test_type_and_size(many: Tensor) -> None:
    assert many.dtype == torch.uint8
    assert many.shape == (COUNT, 3, 64, 64)


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (33, 50), (96, 160), (80, 48)])
def test_image_depends_on_seed_and_index_alone(size: tuple[int, int]) -> None:
    together = draw(0, range(12), size)
    for index in (0, 5, 11):
        assert torch.equal(draw(0, [index], size)[0], together[index])
    assert torch.equal(draw(0, [7, 3], size), together[[7, 3]])


def test_threads_change_nothing() -> None:
    threads = torch.get_num_threads()
    wanted = draw(4, range(24), (40, 72))
    try:
        torch.set_num_threads(1)
        assert torch.equal(draw(4, range(24), (40, 72)), wanted)
    finally:
        torch.set_num_threads(threads)


def test_chunks_change_nothing(many: Tensor) -> None:
    assert torch.equal(draw(0, range(60, 70), (64, 64)), many[60:70])


def test_seeds_and_indices_differ(many: Tensor) -> None:
    other = draw(1, range(8), (64, 64))
    assert (small(other) - small(many[:8])).abs().mean(1).min() > 0.02
    assert torch.equal(draw(-1, [2**40], (16, 16)), draw(-1, [2**40], (16, 16)))


def test_no_two_are_alike(many: Tensor) -> None:
    distance = torch.cdist(small(many), small(many), p=1) / 192 + torch.eye(COUNT)
    assert distance.min() > 0.012


def test_global_randomness_is_left_alone() -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    paint(draw(0, range(3), (32, 32)), "oil", 0, range(3))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.get_state()[1].tolist() == before[2]  # type: ignore[index]


def test_sizes_show_the_same_scene(many: Tensor) -> None:
    large = torch.nn.functional.avg_pool2d(draw(0, range(16), (128, 128)).float(), 2)
    assert ((large - many[:16].float()).abs().mean((1, 2, 3)) / 255.0).max() < 0.03


def test_a_wide_frame_shows_more_at_the_sides() -> None:
    square, wide = draw(0, range(12), (64, 64)), draw(0, range(12), (64, 128))
    # Reflections near the border may mirror what the square does not show.
    assert (wide[..., 32:96].float() - square.float()).abs().mean() < 0.5


def test_every_scene_is_legible(many: Tensor) -> None:
    light = brightness(many).flatten(1)
    assert light.mean(1).min() > 0.12
    assert light.mean(1).max() < 0.93
    assert (light.quantile(0.97, dim=1) - light.quantile(0.03, dim=1)).min() > 0.12


def test_labels_are_in_range_and_spread() -> None:
    kinds = labels(0, range(1000))
    assert kinds.dtype == torch.int64
    assert kinds.shape == (1000, 2)
    seasons, times = (torch.bincount(kinds[:, place]) / 1000 for place in (0, 1))
    torch.testing.assert_close(seasons, torch.full((len(SEASONS),), 0.25), atol=0.05, rtol=0)
    torch.testing.assert_close(times, torch.tensor([0.20, 0.45, 0.20, 0.15]), atol=0.05, rtol=0)


def test_shares_of_water_and_trees() -> None:
    scene = recipe(0, range(1000))
    wooded = torch.stack([share > 0 for share in scene.tree_share]).any(0)
    assert 0.35 < scene.water.mean() < 0.48
    assert 0.65 < wooded.float().mean() < 0.85
    assert 0.70 < (scene.ridge_round < 1).float().mean() < 0.85


def test_labels_match_what_is_drawn(many: Tensor) -> None:
    season, time = labels(0, range(COUNT)).unbind(1)
    light = brightness(many).mean((1, 2))
    day, night = light[time == TIMES.index("day")], light[time == TIMES.index("night")]
    assert night.max() < day.min()
    pixels = many.float() / 255.0
    ground = (pixels.amin(1)[:, 40:].mean((1, 2)))[time == TIMES.index("day")]
    winter = season[time == TIMES.index("day")] == SEASONS.index("winter")
    assert ground[winter].mean() > ground[~winter].mean() + 0.15
    low = (time == TIMES.index("dawn")) | (time == TIMES.index("dusk"))
    warmth = (pixels[:, 0] - pixels[:, 2])[:, :32].mean((1, 2))
    assert warmth[low].mean() > warmth[~low].mean() + 0.1


def test_empty_requests() -> None:
    assert draw(0, [], (8, 8)).shape == (0, 3, 8, 8)
    assert labels(0, []).shape == (0, 2)


@pytest.mark.parametrize("rendition", RENDITIONS)
def test_a_rendition_keeps_size_and_place(rendition: str, many: Tensor) -> None:
    source = many[:32]
    painted = paint(source, rendition, 0, range(32))
    assert painted.dtype == torch.uint8
    assert painted.shape == source.shape
    inner = (slice(None), slice(6, -6), slice(6, -6))
    after, before = contours(painted), contours(source)
    here = correlation(after[inner], before[inner]).mean()
    assert here > 0.3
    for shift in ((3, 0), (-3, 0), (0, 3), (0, -3)):
        moved = before.roll(shift, dims=(1, 2))
        assert here > correlation(after[inner], moved[inner]).mean() + 0.1


@pytest.mark.parametrize("rendition", RENDITIONS)
def test_a_rendition_depends_on_its_own_image_alone(rendition: str, many: Tensor) -> None:
    together = paint(many[:9], rendition, 0, range(9))
    assert torch.equal(paint(many[4:5], rendition, 0, [4])[0], together[4])
    assert paint(draw(0, [1], (40, 70)), rendition, 0, [1]).shape == (1, 3, 40, 70)


def test_renditions_differ_from_the_scene_and_from_one_another(many: Tensor) -> None:
    kinds = [many[:32].float(), *(paint(many[:32], name, 0, range(32)).float() for name in RENDITIONS)]
    for place, one in enumerate(kinds):
        for other in kinds[place + 1 :]:
            assert (one - other).abs().mean() / 255.0 > 0.06


def test_unknown_rendition_and_wrong_count_are_refused(many: Tensor) -> None:
    with pytest.raises(ValueError, match="choose one of oil, ukiyo-e, watercolour"):
        paint(many[:1], "pastel", 0, [0])
    with pytest.raises(ValueError, match="2 images but 1 indices"):
        paint(many[:2], "oil", 0, [0])
