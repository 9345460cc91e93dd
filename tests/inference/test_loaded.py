"""Loading a finished run and drawing from it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

import ganzoo
from ganzoo.catalog.lookup import Catalog
from ganzoo.errors import UsageError
from ganzoo.inference.loaded import LoadedGenerator, LoadedTranslator
from ganzoo.inference.loading import held_out_photos
from ganzoo.runs.folder import Run
from ganzoo.stylize.photo import photo_of
from tests.stylize.small import CPU, Network, Small

# A latent whose length is no multiple of 16: torch's generator treats the rest of a tensor in another way.
OPTIONS = {"checkpoint_every": "2steps", "generator.latent": 100, "lr": 0.02}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sampling") / "run"
    run = ganzoo.run("lsgan", tiny=True, out=out, budget="4steps", device="cpu", options=OPTIONS)
    return run.folder


def test_samples_are_the_same_for_the_same_seed_however_many(folder: Path) -> None:
    gan = ganzoo.load(folder)
    many = gan.sample(130, seed=1)
    assert many.shape == (130, 3, 16, 16) and many.abs().max() <= 1
    for count in (1, 9, 70):
        torch.testing.assert_close(gan.sample(count, seed=1), many[:count])
    assert not torch.allclose(many[:3], gan.sample(3, seed=2))
    assert gan.sample(0).shape == gan.walk(0).shape == (0, 3, 16, 16)


def test_each_task_has_what_it_can_do_and_no_more(folder: Path, train: Callable[..., Run]) -> None:
    generator, translator = ganzoo.load(folder), ganzoo.load(train("fastcut", **{"data.count": 200}).folder)
    assert isinstance(generator, LoadedGenerator) and isinstance(translator, LoadedTranslator)
    assert isinstance(generator, ganzoo.LoadedGAN) and isinstance(translator, ganzoo.LoadedGAN)
    assert not hasattr(generator, "stylize") and not hasattr(generator, "photos")
    assert not hasattr(translator, "truncate")


def test_a_translator_of_another_base_is_loaded_but_takes_no_picture_of_any_size(folder: Path) -> None:
    gan = ganzoo.load(folder)
    other = LoadedTranslator(gan.gan, gan.shape, gan.step, gan.device)
    with pytest.raises(UsageError, match=r"built on ganzoo\.translator\.Translator"):
        other.stylize(Image.new("RGB", (20, 20)))


@pytest.mark.parametrize(
    ("painting", "shown"),
    [
        ((300, 300), (64, 64)),
        ((400, 100), (128, 32)),
        ((90, 160), (48, 84)),
        ((20, 20), (64, 64)),
        ((9000, 1), (6072, 4)),
    ],
)
def test_a_painting_is_shown_whole_with_as_many_pixels_as_those_that_were_learnt_from(
    painting: tuple[int, int], shown: tuple[int, int]
) -> None:
    loaded = LoadedTranslator(Small(Network()), ganzoo.ImageShape(height=16, width=20), 1, CPU)
    loaded.whole_view = 64
    picture = photo_of(Image.new("RGB", painting))
    assert loaded._style_size(picture) == (20, 16)  # a run without crops has seen paintings at its size only
    loaded.crops = True
    assert loaded._style_size(picture) == shown


def test_damage_is_told(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with (copy / "checkpoints" / "step-000004" / "ema.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.warns(UserWarning, match="step-000004"):
        assert ganzoo.load(copy).step == 2


def test_what_is_loaded_is_the_average(folder: Path) -> None:
    from safetensors.torch import load_file

    gan = ganzoo.load(folder, device="cpu")
    averaged = load_file(folder / "checkpoints" / "step-000004" / "ema.safetensors")
    for name, value in gan.gan.averaged.state_dict().items():
        assert torch.equal(value, averaged[name])


def test_the_last_grid_of_the_run_is_what_sampling_draws(folder: Path) -> None:
    from PIL import ImageChops

    from ganzoo.data.images import grid

    drawn = grid(ganzoo.load(folder, device="cpu").sample(64, seed=0))
    with Image.open(folder / "samples" / "step-000004.png") as saved:
        assert max(high for _, high in ImageChops.difference(drawn, saved).getextrema()) <= 1


def test_a_walk_is_a_smooth_loop_across_pieces(folder: Path) -> None:
    frames = ganzoo.load(folder).walk(70)
    assert frames.shape == (70, 3, 16, 16)
    steps = (frames.roll(-1, dims=0) - frames).flatten(1).norm(dim=1)
    assert steps.max() < 4 * steps.mean()
    assert len(ganzoo.load(folder).to_pil(frames)) == 70


def test_styles_are_drawn_and_walked_by_name(tmp_path: Path) -> None:
    run = ganzoo.run("scene-style", tiny=True, out=tmp_path / "run", budget="30steps", device="cpu")
    gan = ganzoo.load(run.folder)
    rows = gan.rows(3, ("day", "night"))
    assert torch.equal(rows, torch.cat([gan.sample(3, style="day"), gan.sample(3, style="night")]))
    assert not torch.allclose(rows[:3], rows[3:])  # the same latents in other styles
    lapse = gan.walk(12, styles=("winter+day", "winter+night"), still=True)
    torch.testing.assert_close(lapse[1:6], lapse.flip(0)[:5])  # there and back with nothing else moving
    torch.testing.assert_close(lapse[:1], gan.walk(12, styles=("winter+day",))[:1])
    moving = gan.walk(12, styles=("winter+day", "winter+night"))
    assert not torch.allclose(moving[1:6], moving.flip(0)[:5])
    with pytest.raises(UsageError, match="names of styles, not pictures"):
        gan.sample(1, style=Path("painting.png"))


def test_a_model_without_labels_takes_no_styles(folder: Path) -> None:
    with pytest.raises(UsageError, match="learnt no styles by name"):
        ganzoo.load(folder).sample(1, style="night")


def test_a_step_can_be_chosen_and_a_wrong_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    assert ganzoo.load(folder, which=2).step == 2
    with pytest.raises(ganzoo.StorageError, match="there are"):
        ganzoo.load(folder, which=3)
    with pytest.raises(ganzoo.UsageError, match="not a run folder"):
        ganzoo.load(tmp_path)


def test_a_translator_shows_photos_beside_their_paintings_and_walks_to_them(
    train: Callable[..., Run], catalog: Catalog
) -> None:
    run = train("fastcut", **{"data.count": 200})
    gan = ganzoo.load(run.folder)
    assert isinstance(gan, LoadedTranslator)
    with pytest.raises(UsageError, match="from noise"):
        gan.sample(4)
    gan.photos = held_out_photos(run.folder, catalog, most=5)
    pairs = gan.sample(4)
    assert pairs.shape == (8, 3, 16, 16) and torch.equal(pairs[::2], gan.photos[:4])
    assert not torch.equal(pairs[1::2], gan.photos[:4])
    walk = gan.walk(5)
    assert walk.shape == (5, 3, 16, 16) and (walk[0] - gan.photos[0]).abs().max() < 0.01
