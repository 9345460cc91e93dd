"""The kit of augmentations: seeded randomness, and resampling with gradients of gradients."""

import pytest
import torch
import torch.nn.functional as F

from ganzoo.augment import normal, seeded, uniform, warp


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_one_seed_gives_one_result_and_another_seed_another() -> None:
    drawn = []
    for seed in (1, 1, 2):
        with seeded(rng(seed)):
            drawn.append(torch.rand(4))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


def test_nothing_outside_is_disturbed_even_by_an_error() -> None:
    before = torch.get_rng_state()
    with pytest.raises(KeyError), seeded(rng()):
        torch.rand(3)
        raise KeyError
    assert torch.equal(before, torch.get_rng_state())


def test_the_generator_moves_on_by_the_same_however_much_is_drawn_inside() -> None:
    little, much = rng(), rng()
    with seeded(little):
        pass
    with seeded(much):
        torch.rand(1000)
    assert torch.equal(little.get_state(), much.get_state())
    assert not torch.equal(little.get_state(), rng().get_state())


def test_the_outer_state_has_no_part_in_the_result() -> None:
    torch.manual_seed(1)
    with seeded(rng()):
        one = torch.rand(3)
    torch.manual_seed(2)
    with seeded(rng()):
        assert torch.equal(one, torch.rand(3))


def test_numbers_are_drawn_for_each_image_and_in_bounds() -> None:
    images = torch.zeros(500, 3, 2, 2)
    drawn = uniform(images, rng(), 2, low=-1, high=3)
    assert drawn.shape == (500, 2) and drawn.min() < -0.9 and drawn.max() > 2.9 and drawn.abs().max() <= 3
    assert abs(float(normal(images, rng(), 4).std()) - 1) < 0.1


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_warp_is_grid_sample_with_a_second_derivative(padding: str) -> None:
    images = torch.rand(2, 2, 5, 4, generator=rng(), dtype=torch.float64, requires_grad=True)
    grid = torch.rand(2, 3, 6, 2, generator=rng(1), dtype=torch.float64) * 3 - 1.5
    expected = F.grid_sample(images, grid, padding_mode=padding, align_corners=False)
    torch.testing.assert_close(warp(images, grid, padding), expected)
    assert torch.autograd.gradcheck(lambda x: warp(x, grid, padding), (images,))
    assert torch.autograd.gradgradcheck(lambda x: warp(x, grid, padding), (images,))
