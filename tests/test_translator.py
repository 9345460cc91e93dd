"""Recipes that translate, and the pieces they are made of."""

import torch
from torch import Tensor

from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import resolve_part
from ganzoo.config.resolve import configure_run
from ganzoo.parts import Parts
from ganzoo.translator import falling, within_range


def batch(source: Tensor, seed: int = 0, **more: object) -> Batch:
    return Batch(torch.zeros_like(source), torch.Generator().manual_seed(seed), source=source, **more)


def term(catalog: Catalog, name: str, **options: object):
    configuration = configure_run(
        "pix2pix", catalog, tiny=True, options={"extra": name, **{f"{name}.{k}": v for k, v in options.items()}}
    )
    return Parts(configuration.parts).build(name)


def scene(count: int = 2, side: int = 32) -> Tensor:
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(3)) * 1.6 - 0.8
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=True).clamp(-1, 1)


def test_rates_fall_in_a_line_from_the_named_part_of_the_budget_on() -> None:
    assert [falling(p, 0.5) for p in (0.0, 0.5, 0.75, 1.0)] == [1, 1, 0.5, 0]
    assert falling(1.0, 1.0) == 1


def test_values_are_cut_off_and_beyond_the_range_only_gradients_that_lead_back_pass() -> None:
    values = torch.tensor([-1e9, -1.0, 0.3, 7.0, -1.5, 1.5], requires_grad=True)
    cut = within_range(values)
    assert cut.tolist() == [-1, -1, torch.tensor(0.3).item(), 1, -1, 1]
    (upwards,) = torch.autograd.grad(cut.sum(), values, retain_graph=True)
    assert upwards.tolist() == [0, 1, 1, 1, 0, 1], "a descent lowers values: those below the range may not go on"
    (downwards,) = torch.autograd.grad(-cut.sum(), values)
    assert downwards.tolist() == [-1, -1, -1, 0, -1, 0]


def test_temporal_is_nothing_for_what_goes_with_the_motion_and_something_for_what_does_not(catalog: Catalog) -> None:
    """Changing each pixel by its own value commutes with any motion; a fixed pattern on the canvas does not."""
    temporal = term(catalog, "temporal", weight=1.0, noise=0.0)
    photo = scene()
    moved = temporal(batch(photo), photo * 0.5, lambda images: images * 0.5)
    pattern = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 0.4
    fixed = temporal(batch(photo), photo * 0.5 + pattern, lambda images: images * 0.5 + pattern)
    assert float(moved) < 1e-3 < 0.05 < float(fixed)


def test_tv_is_the_mean_step_between_neighbours(catalog: Catalog) -> None:
    ramp = torch.arange(8.0).expand(1, 3, 8, 8) / 10
    assert abs(float(term(catalog, "tv")(batch(ramp), ramp, None)) - 0.1) < 1e-6


def test_color_sees_a_tint_and_not_the_photo_itself(catalog: Catalog) -> None:
    color, photo = term(catalog, "color"), scene()
    tinted = (photo + torch.tensor([0.3, 0.0, -0.3]).view(3, 1, 1)).clamp(-1, 1)
    assert float(color(batch(photo), photo, None)) < 1e-6
    assert float(color(batch(photo), tinted, None)) > 0.3


def test_identity_compares_paintings_and_ends_when_told(catalog: Catalog) -> None:
    identity = term(catalog, "identity", weight=2.0, until=0.5)
    painting = scene()

    def darker(images: Tensor) -> Tensor:
        return images - 0.25

    def at(progress: float) -> float:
        one = batch(scene(), progress=progress)
        one.target = painting
        return float(identity(one, painting, darker))

    assert abs(at(0.2) - 0.5) < 1e-6 and at(0.7) == 0


def test_perceptual_is_nothing_for_the_photo_and_grows_with_the_change(catalog: Catalog) -> None:
    perceptual, photo = term(catalog, "perceptual"), scene(side=64)
    noise = torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))
    values = [
        float(perceptual(batch(photo), (photo + level * noise).clamp(-1, 1).clone(), None))
        for level in (0.0, 0.05, 0.3)
    ]
    assert values[0] == 0 and values[0] < values[1] < values[2]


def test_maps_of_one_tensor_are_computed_once_until_their_gradient_has_flowed(catalog: Catalog) -> None:
    encoder = Parts({"e": resolve_part(catalog, "encoder", "lite0", {"least": 0})}).build("e")
    images = scene(side=32).requires_grad_()
    painted = images * 1.0
    first = encoder.maps(painted, depth=3)
    assert encoder.maps(painted, depth=2)[1] is first[1]
    assert encoder.maps(painted.detach(), depth=2)[1] is not first[1]
    first[2].sum().backward()
    again = encoder.maps(painted, depth=3)
    assert again[2] is not first[2] and torch.equal(again[2], first[2])
    with torch.no_grad():
        painted.mul_(0.5)
    assert not torch.equal(encoder.maps(painted, depth=3)[2], first[2])
