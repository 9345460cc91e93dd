"""Every registered augmentation keeps the contract, and each built-in one does what its paper says."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganzoo import api
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, resolve_part
from ganzoo.config.units import Size
from ganzoo.data.cache import Images
from ganzoo.data.inputs import open_source, read_images, split_images
from ganzoo.data.scale import enlarged
from ganzoo.engine import checkpoint
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.model import Augmentation, Batch
from ganzoo.parts import Parts
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from ganzoo.specs import ImageShape
from tests.built_in import CATALOG
from tests.engine.test_resume import assert_same, lines

NAMES = [part.spec.name for part in CATALOG.parts if part.spec.kind == "augmentation"]
OFF = {
    "none": {},
    "scene": {"flip": 0, "zoom": 1, "perspective": 0, "light": 0, "color": 0, "fog": 0, "rain": 0, "snow": 0},
    "diffaug": {"color": 0, "translation": 0, "cutout": 0},
    "ada": {"p": 0},
}
ACTIVE = {"scene": {"fog": 0.3, "rain": 0.3, "snow": 0.3}, "diffaug": {}, "ada": {"p": 0.8}}
SHAPES = [(64, 64), (16, 16), (24, 40)]
Build = Callable[..., Augmentation]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def smooth(count: int, height: int, width: int) -> Tensor:
    """Images with large shapes in [-1, 1], as photos have them."""
    coarse = torch.rand(count, 3, 4, 4, generator=rng(9)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=False).clamp(-1, 1)


@pytest.fixture(scope="module")
def build(catalog: Catalog) -> Build:
    """An augmentation by name for images of a size."""

    def of(name: str, size: tuple[int, int] = (16, 16), **options: object) -> Augmentation:
        part = resolve_part(catalog, "augmentation", name, options)
        built: Augmentation = Parts({"augment": part}).build("augment", shape=ImageShape(height=size[0], width=size[1]))
        return built

    return of


def test_all_are_tested() -> None:
    assert set(NAMES) == set(OFF) == {"none", *ACTIVE}


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("name", ACTIVE)
def test_one_generator_state_gives_one_result_of_the_right_shape(
    build: Build, name: str, size: tuple[int, int]
) -> None:
    augment = build(name, size, **ACTIVE[name])
    larger = enlarged(Size(*size), augment.margin)
    images = smooth(40, larger.height, larger.width)
    outside = torch.get_rng_state()
    one, same, other = augment(images, rng(3)), augment(images, rng(3)), augment(images, rng(4))
    assert torch.equal(outside, torch.get_rng_state())
    assert one.shape == (40, 3, *size) and one.dtype == torch.float32 and torch.isfinite(one).all()
    assert torch.equal(one, same) and not torch.equal(one, other)


@pytest.mark.parametrize("name", ACTIVE)
def test_images_of_one_batch_are_changed_each_in_its_own_way(build: Build, name: str) -> None:
    changed = build(name, **ACTIVE[name])(smooth(1, 16, 16).expand(12, -1, -1, -1), rng())
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 12


@pytest.mark.parametrize("name", NAMES)
def test_all_off_is_the_identity_bit_for_bit(build: Build, name: str) -> None:
    images = smooth(5, 16, 16)
    assert torch.equal(build(name, **OFF[name])(images, rng()), images)


@pytest.mark.parametrize("size", SHAPES)
def test_scene_stays_in_range_and_never_looks_beyond_the_image(build: Build, size: tuple[int, int]) -> None:
    augment = build("scene", size, **ACTIVE["scene"], zoom=2, perspective=0.3)
    assert augment.margin > 2
    assert augment(smooth(64, 2 * size[0], 2 * size[1]), rng()).abs().max() <= 1
    from ganzoo_plugins.augmentations.scene import draw_corners

    torch.manual_seed(0)
    corners = draw_corners(2000, 2.0, 0.3, 0.5)
    assert corners.abs().max() <= 1
    assert 0.45 < float((corners[:, 0, 0] > corners[:, 1, 0]).float().mean()) < 0.55  # mirrored


@pytest.mark.parametrize("weather", ["fog", "rain", "snow"])
def test_the_chance_of_weather_is_kept_and_the_rest_is_untouched(build: Build, weather: str) -> None:
    augment = build("scene", (32, 32), **{**OFF["scene"], weather: 0.25})
    images = smooth(400, 32, 32)
    changed = (augment(images, rng()) - images).abs().amax(dim=(1, 2, 3)) > 1e-5
    assert 0.18 < float(changed.float().mean()) < 0.32


def test_a_crop_of_a_larger_image_is_not_enlarged(build: Build) -> None:
    """One-pixel stripes survive when images come with the margin, and would be blurred away by enlarging."""
    augment = build("scene", (32, 32), **{**OFF["scene"], "zoom": 1.5})
    side = enlarged(Size(32, 32), augment.margin).height
    assert side == 48
    from ganzoo_plugins.augmentations.scene import perspective_grid

    closest = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])[None] / 1.5
    steps = perspective_grid(closest, (32, 32)).diff(dim=2)[..., 0] * side / 2  # in pixels of the larger image
    torch.testing.assert_close(steps, torch.ones_like(steps))


@pytest.mark.parametrize("name", ["diffaug", "ada", "scene"])
def test_gradients_are_those_of_finite_differences(build: Build, name: str) -> None:
    augment = build(name, (8, 8), **{**ACTIVE[name], **({"rain": 0, "fog": 0.5} if name == "scene" else {})})
    images = (smooth(6, 8, 8) * 0.8).requires_grad_()
    weight = torch.randn(6, 3, 8, 8, generator=rng(1))
    (gradient,) = torch.autograd.grad((augment(images, rng(2)) * weight).sum(), images)
    direction = torch.randn(images.shape, generator=rng(3))
    with torch.no_grad():
        ahead, behind = (((augment(images + s * direction, rng(2))) * weight).sum() for s in (1e-3, -1e-3))
    measured = (ahead - behind) / 2e-3
    assert float((gradient * direction).sum()) == pytest.approx(float(measured), rel=0.03, abs=0.3)


def test_diffaug_gives_a_gradient_to_every_pixel_that_it_keeps(build: Build) -> None:
    augment = build("diffaug", (32, 32), color=0)
    images = (smooth(10, 32, 32) + 3).requires_grad_()
    changed = augment(images, rng())
    changed.sum().backward()
    assert images.grad is not None
    assert torch.equal((changed != 0).sum(dim=(1, 2, 3)).float(), images.grad.sum(dim=(1, 2, 3)))
    assert set(images.grad.unique().tolist()) == {0.0, 1.0}


def test_diffaug_moves_by_whole_pixels_up_to_an_eighth_each_as_likely(build: Build) -> None:
    ramp = torch.arange(1.0, 257).view(1, 1, 16, 16).expand(5000, 3, 16, 16)
    moved = build("diffaug", color=0, cutout=0)(ramp, rng())[:, 0]
    middle = moved[:, 8, 8] - ramp[0, 0, 8, 8]
    rows, columns = (-middle / 16).round(), -(middle - (middle / 16).round() * 16)
    for move in (rows, columns):
        counts = torch.bincount((move + 2).long(), minlength=5)
        assert len(counts) == 5 and counts.min() > 850 and counts.max() < 1150
    assert torch.equal((moved == 0).sum(dim=(1, 2)).float(), 256 - (16 - rows.abs()) * (16 - columns.abs()))


def test_diffaug_cuts_out_a_square_of_half_the_side(build: Build) -> None:
    cut = build("diffaug", color=0, translation=0)(torch.ones(3000, 3, 16, 16), rng())
    zeros = (cut == 0).sum(dim=(1, 2, 3)) // 3
    assert int(zeros.max()) == 64 and int(zeros.min()) == 16  # whole, and with its middle on a corner
    hidden = (cut[:, 0] == 0).float().mean(dim=0)
    assert hidden.min() > 0.05 and hidden.argmax() // 16 in range(6, 10)


def test_diffaug_colours_follow_the_paper() -> None:
    from ganzoo_plugins.augmentations.diffaug import recolour

    images = smooth(4, 8, 8)
    change = torch.zeros(4, 3)
    change[0, 0], change[1, 1], change[2, 2] = 1, -1, 1
    brighter, grey, contrast, same = recolour(images, change)
    torch.testing.assert_close(brighter, images[0] + 0.5)
    torch.testing.assert_close(grey, images[1].mean(dim=0).expand(3, -1, -1))
    torch.testing.assert_close(contrast, images[2].mean() + (images[2] - images[2].mean()) * 1.5)
    torch.testing.assert_close(same, images[3])


@pytest.mark.parametrize(("score", "expected"), [(1.0, 1.0), (-1.0, -1.0)])
def test_ada_moves_p_by_the_images_seen_at_the_papers_rate(build: Build, score: float, expected: float) -> None:
    augment = build("ada", p=0.5, interval=4, speed=500)
    values = []
    for _ in range(8):
        augment.observe(torch.full((32,), score))
        values.append(float(augment.get_buffer("p")))
    step = expected * 4 * 32 / 500_000
    torch.testing.assert_close(torch.tensor(values), torch.tensor([0.5] * 3 + [0.5 + step] * 4 + [0.5 + 2 * step]))


def test_ada_goes_from_0_to_1_in_speed_thousand_images_and_stays_there(build: Build) -> None:
    augment = build("ada", speed=2, interval=4)
    for seen in range(0, 4000, 50):
        p = float(augment.get_buffer("p"))
        assert p == pytest.approx(min(seen // 200 * 200 / 2000, 1), abs=1e-5)
        augment.observe(torch.ones(50))
    for _ in range(200):
        augment.observe(-torch.ones(50))
    assert float(augment.get_buffer("p")) == 0


@pytest.mark.parametrize(("positive", "up"), [(85, True), (75, False)])
def test_ada_holds_the_mean_sign_at_its_target(build: Build, positive: int, up: bool) -> None:
    """0.6 is 80 % positive; how large a score is plays no part, and neither does its shape."""
    augment = build("ada", p=0.5, interval=1)
    scores = torch.cat([torch.full((positive,), 0.01), torch.full((100 - positive,), -50.0)])
    augment.observe(scores.view(10, 1, 2, 5))
    change = float(augment.get_buffer("p")) - 0.5
    assert change == pytest.approx(10 / 500_000 * (1 if up else -1), rel=0.01)


def test_ada_changes_more_images_the_larger_p_is(build: Build) -> None:
    images = smooth(500, 16, 16)
    shares = []
    for p in (0.0, 0.1, 0.5, 1.0):
        augment = build("ada", p=p, blit=False, geometry=False)
        shares.append(float(((augment(images, rng()) - images).abs().amax(dim=(1, 2, 3)) > 1e-4).float().mean()))
    # Five independent changes; one of them, the luma flip, is none for half of the images that drew it.
    expected = [1 - (1 - p) ** 4 * (1 - p / 2) for p in (0.0, 0.1, 0.5, 1.0)]
    assert shares == pytest.approx(expected, abs=0.06)


def test_adas_whole_pixel_changes_only_move_values(build: Build) -> None:
    images = torch.arange(256.0).view(1, 1, 16, 16).expand(50, 3, 16, 16)
    changed = build("ada", p=1, geometry=False, color=False)(images, rng())
    assert torch.equal(changed, changed.round()) and set(changed.unique().tolist()) <= set(range(256))
    assert len({tuple(image.flatten().tolist()) for image in changed}) > 30


def test_ada_changes_pictures_stacked_in_one_image_alike(build: Build) -> None:
    """As for a critic that sees a photo and its painting on top of each other."""
    ada, image = build("ada", p=1.0), smooth(4, 16, 16)
    pair = ada(torch.cat([image, image], dim=1), rng(3))
    one, other = pair.chunk(2, dim=1)
    assert torch.equal(one, other)
    torch.testing.assert_close(one, ada(image, rng(3)))


def test_adas_resampling_is_exact_for_whole_moves_and_level_for_level_images() -> None:
    from ganzoo_plugins.augmentations import matrices
    from ganzoo_plugins.augmentations.resample import Resample, blit

    one = torch.ones(2)
    images = torch.randn(2, 3, 32, 24, generator=rng())
    resample = Resample(32, 24)
    moved = resample(images, matrices.move(4 * one, -3 * one))
    torch.testing.assert_close(moved[:, :, 8:-8, 8:-8], images[:, :, 5:-11, 12:-4], atol=1e-5, rtol=0)
    turned = resample(torch.full((2, 3, 32, 24), 0.3), matrices.rotate(0.7 * one))
    torch.testing.assert_close(turned, torch.full_like(turned, 0.3), atol=1e-5, rtol=0)
    assert torch.equal(blit(images, matrices.scale(-one, one)), images.flip(3))
    square = images[:, :, :24]
    assert torch.equal(blit(square, matrices.rotate(torch.pi / 2 * one)), square.rot90(1, (2, 3)))


def test_adas_resampling_turns_about_the_middle_and_removes_what_would_alias() -> None:
    from ganzoo_plugins.augmentations import matrices
    from ganzoo_plugins.augmentations.resample import Resample

    places = torch.linspace(-1, 1, 33)
    spot = torch.exp(-20 * (places[:, None] ** 2 + (places - 0.4) ** 2)).expand(1, 3, 33, 33)
    upright = Resample(33, 33)(spot, matrices.rotate(torch.tensor([torch.pi / 2])))[0, 0]
    expected = spot[0, 0].rot90(1, (0, 1))
    assert float((upright - expected).abs().max()) < 0.03
    stripes = (torch.arange(32) % 2 * 2.0 - 1).expand(1, 3, 32, 32)
    smaller = Resample(32, 32)(stripes, matrices.scale(torch.tensor([1.7]), torch.tensor([1.0])))
    assert float(smaller[..., 8:-8].abs().mean()) < 0.25  # bilinear sampling alone would leave 0.5


def test_adas_colour_matrices_are_what_they_are_called() -> None:
    from ganzoo_plugins.augmentations import matrices as m

    one = torch.ones(1)
    grey, red = torch.tensor([0.5, 0.5, 0.5, 1]), torch.tensor([1.0, 0, 0, 1])
    torch.testing.assert_close(m.turn_hue(one * 2 * torch.pi / 3)[0] @ red, torch.tensor([0.0, 1, 0, 1]))
    torch.testing.assert_close(m.turn_hue(one)[0] @ grey, grey)
    torch.testing.assert_close(m.saturate(0 * one)[0] @ red, torch.tensor([1 / 3, 1 / 3, 1 / 3, 1]))
    torch.testing.assert_close(m.flip_luma(one)[0] @ grey, torch.tensor([-0.5, -0.5, -0.5, 1]))
    torch.testing.assert_close(m.flip_luma(0 * one)[0], torch.eye(4))
    torch.testing.assert_close(m.multiply(2 * one)[0] @ m.brighten(one)[0] @ grey, torch.tensor([3.0, 3, 3, 1]))


def trainer_of(configuration: Configuration) -> tuple[torch.nn.Module, object]:
    images: Images = read_images(open_source(configuration), configuration, View())
    gan = build_gan(configuration, {})
    return gan, build_trainer(gan, configuration, split_images(configuration, images), torch.device("cpu"))


@pytest.mark.parametrize("model", ["dcgan", "wgan-gp"])
@pytest.mark.parametrize("name", ["diffaug", "ada", "scene"])
def test_the_discriminator_sees_nothing_but_augmented_images(
    tiny: Callable[..., Configuration], model: str, name: str
) -> None:
    """Real, fake and the penalty's mixtures; and the penalty's gradient of a gradient passes through."""
    configuration = tiny(model, augment=name, **{f"augment.{key}": value for key, value in ACTIVE[name].items()})
    gan, trainer = trainer_of(configuration)
    augment, discriminator = gan.get_submodule("augment"), gan.get_submodule("discriminator")
    given: list[Tensor] = []
    seen: list[Tensor] = []
    augment.register_forward_hook(lambda module, inputs, output: given.append(output.detach()))
    discriminator.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].detach()))
    before = {key: value.detach().clone() for key, value in gan.named_parameters()}
    trainer.round(0.0)
    assert len(seen) == len(given) == (3 if model == "dcgan" else 2 * 3 + 1)
    assert all(torch.equal(one, other) for one, other in zip(seen, given, strict=True))
    assert all(torch.isfinite(value).all() for value in gan.parameters())
    assert [key for key, value in gan.named_parameters() if torch.equal(value, before[key])] == []


def test_the_recipe_tells_the_augmentation_of_real_scores(tiny: Callable[..., Configuration]) -> None:
    gan, trainer = trainer_of(tiny("wgan-gp", augment="ada", **{"augment.interval": 100}))
    trainer.round(0.0)
    buffers = dict(gan.get_submodule("augment").named_buffers())
    assert int(buffers["_observed"]) == 2 and int(buffers["_images"]) == int(buffers["_scores"]) == 16


def test_the_penalty_is_that_of_the_discriminator_after_the_augmentation(tiny: Callable[..., Configuration]) -> None:
    gan, _ = trainer_of(tiny("wgan-gp", augment="diffaug", **{"augment.color": 0}))
    batch = Batch(smooth(8, 16, 16), rng())
    discriminator = gan.augmented_discriminator(batch)
    point = smooth(8, 16, 16).requires_grad_()
    state = batch.rng.get_state()
    (through,) = torch.autograd.grad(discriminator(point).sum(), point)
    changed = gan.get_submodule("augment")(point, rng().set_state(state))
    (direct,) = torch.autograd.grad(gan.get_submodule("discriminator")(changed).sum(), point)
    torch.testing.assert_close(through, direct)
    assert int((through == 0).all(dim=1).sum()) > 8 * 40  # what is cut out has no gradient


def test_without_an_augmentation_the_bare_discriminator_judges(tiny: Callable[..., Configuration]) -> None:
    gan, trainer = trainer_of(tiny())
    assert gan.augmented_discriminator(Batch(smooth(1, 16, 16), rng())) is gan.get_submodule("discriminator")
    assert trainer.batches.augment is None
    assert not [key for key in gan.state_dict() if key.startswith("augment")]


def test_data_are_read_with_the_margin_and_drawn_at_the_size_of_training(tiny: Callable[..., Configuration]) -> None:
    _, trainer = trainer_of(tiny(augment_data="scene", **{"augment_data.zoom": 1.5, "augment_data.perspective": 0}))
    assert trainer.data.images.pixels.shape[1:] == (24, 24, 3)
    first, second = trainer._draw(0.0), trainer._draw(0.0)
    assert first.target.shape == (8, 3, 16, 16) and not first.target.requires_grad
    assert first.target.abs().max() <= 1 and not torch.equal(first.target, second.target)


def test_an_augmentation_of_data_that_leaves_the_range_is_brought_back(tiny: Callable[..., Configuration]) -> None:
    _, trainer = trainer_of(tiny(augment_data="diffaug"))
    largest = [float(trainer._draw(0.0).target.abs().max()) for _ in range(8)]
    assert max(largest) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"augment": "ada", "augment.p": 0.3, "augment.speed": 0.5, "augment.interval": 3},
        {"augment": "diffaug"},
        {"augment_data": "scene", "augment_data.rain": 0.3},
        {"augment_data": "ada", "augment_data.p": 0.5, "augment": "scene"},
    ],
    ids=["ada", "diffaug", "data scene", "data ada, scene"],
)
def test_a_resumed_run_sees_the_same_augmentations(train: Callable[..., Run], options: dict[str, object]) -> None:
    whole = train(name="whole", budget="10steps", log_every="1steps", **options)
    parted = train(name="parted", budget="5steps", log_every="1steps", **options)
    api.resume(parted.folder, budget="10steps")
    assert_same(whole.folder, parted.folder, 10)
    assert lines(whole.folder) == lines(parted.folder)


def test_a_checkpoint_holds_p(train: Callable[..., Run]) -> None:
    run = train(budget="9steps", augment="ada", **{"augment.interval": 1, "augment.speed": 0.1, "augment.target": -1})
    _, saved, _ = checkpoint.load(run.checkpoints, ("weights",))
    assert float(saved.tensors["weights"]["augment.p"]) == pytest.approx(9 * 8 / 100)


def test_bf16_trains_with_changes_computed_in_full_precision(tiny: Callable[..., Configuration]) -> None:
    gan, trainer = trainer_of(tiny(augment="ada", precision="bf16", **{"augment.p": 0.8}))
    types = set()
    gan.get_submodule("augment").register_forward_hook(lambda module, inputs, output: types.add(output.dtype))
    trainer.round(0.0)
    assert types == {torch.float32} and all(torch.isfinite(value).all() for value in gan.parameters())


def test_an_augmentation_from_a_plugin_works_by_name(ganzoo_command: Callable[..., object], tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--set", "augment=dusk", "--set", "augment.depth=0.9", "--set", "augment_data=dusk"]
    done = ganzoo_command(
        *("run", "dcgan", "--tiny", "--device", "cpu", "--budget", "3steps", "--out", out, *options),
        plugins=True, GANZOO_PLUGINS="dusk",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    _, saved, _ = checkpoint.load(out / "checkpoints", ("weights", "train"))
    assert int(saved.tensors["weights"]["augment.observed"]) == 3
    assert int(saved.tensors["train"]["augment_data/observed"]) == 0
    picture = tmp_path / "dusk.png"
    command = ("data", "preview", "scenes", "--set", "data.count=6", "--augment", "dusk", "--out", picture)
    done = ganzoo_command(*command, plugins=True, GANZOO_PLUGINS="dusk")
    assert done.returncode == 0 and picture.is_file(), done.stderr
