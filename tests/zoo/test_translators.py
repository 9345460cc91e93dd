"""Every built-in translator, with its tiny settings, and the formulas of those that have their own."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ganzoo_plugins.cut.patches import contrast
from ganzoo_plugins.cyclegan.pool import Pool
from ganzoo_plugins.scene_anime.pictures import smooth_edges
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor

import ganzoo
from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import UsageError
from ganzoo.losses import gram
from ganzoo.runs.folder import Run
from ganzoo.specs import ImageShape
from tests.built_in import CATALOG

MODELS = [model.spec.name for model in CATALOG.models if model.spec.task == "translate"]
QUICK = {"lptn", "cut"}
"""One that runs at once, and one with critics and several terms."""


@pytest.mark.parametrize(
    "model", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in MODELS]
)
def test_it_trains_scores_and_paints_a_photo_of_any_size(model: str, tmp_path: Path) -> None:
    options = {"device": "cpu", "data.count": 200, "style.count": 200, "score_every": "5steps", "score_images": 50}
    run = ganzoo.run(model, tiny=True, options=options, out=tmp_path / "run")
    scores = run.scores()
    assert len(scores) == 2 and scores[-1].protocol.sources and 0 < scores[-1].others["content"] <= 1
    assert math.isfinite(scores[-1].others["psnr"])
    photo = Image.effect_noise((37, 50), 40).convert("RGB")
    gan = ganzoo.load(run.folder)
    painted = gan.stylize(photo)
    assert painted.size == (37, 50) and painted.tobytes() != photo.tobytes()
    assert gan.stylize(photo, strength=0.0).tobytes() == photo.tobytes() or gan.gan.native_strength


@pytest.mark.parametrize("model", ["cyclegan", "cut", "scene-anime", "santa"])
def test_a_residual_painter_starts_with_the_photo_as_it_is(model: str) -> None:
    configuration = configure_run(model, CATALOG, tiny=True, options={"generator.residual": True})
    photo = torch.rand(2, 3, 16, 16) * 2 - 1
    with torch.no_grad():
        painted = build_gan(configuration, {}).eval()(Batch(photo, torch.Generator(), source=photo))
    assert float((painted - photo).abs().max()) < 0.05


def test_a_generator_of_the_other_task_is_refused_before_anything_is_built(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="generator 'resnet' is for models that translate, and dcgan does not"):
        configure_run("dcgan", catalog, options={"generator": "resnet"})
    with pytest.raises(UsageError, match="generator 'dcgan' is for models that generate"):
        build_gan(configure_run("cyclegan", catalog, options={"generator": "dcgan"}), {})


def test_contrast_is_the_cross_entropy_of_ones_own_place() -> None:
    keys = torch.eye(3)[None]
    queries = torch.tensor([[[1.0, 0, 0], [0, 1, 0], [0, 1, 0]]])
    right, wrong = 1 / (1 + 2 * math.exp(-2)), math.exp(-2) / (1 + 2 * math.exp(-2))
    expected = -(2 * math.log(right) + math.log(wrong)) / 3
    assert abs(float(contrast(queries, keys, 0.5)) - expected) < 1e-6


def test_a_pool_gives_old_images_half_of_the_time_once_it_is_full() -> None:
    pool = Pool(8, ImageShape(height=1, width=1))
    rng = torch.Generator().manual_seed(0)
    old = 0
    for number in range(400):
        image = torch.full((1, 3, 1, 1), float(number))
        shown = pool(image, Batch(image, rng))
        if number >= 100:
            old += int(float(shown[0, 0, 0, 0]) != number)
            assert float(shown[0, 0, 0, 0]) >= number - 100 or float(shown[0, 0, 0, 0]) == number
    assert 120 < old < 180 and bool(pool.filled.all())


def test_gram_is_the_mean_product_of_channels() -> None:
    maps = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]]])
    assert gram(maps).tolist() == [[[2.5, 0.5], [0.5, 5.0]]]


def test_edges_are_blurred_and_the_rest_is_not() -> None:
    image = torch.full((1, 3, 32, 32), -0.8)
    image[:, :, :, 16:] = 0.8
    smooth = smooth_edges(image)
    assert torch.equal(smooth[..., :8], image[..., :8])
    assert not torch.equal(smooth[..., 14:18], image[..., 14:18])


def test_adain_shown_two_paintings_paints_in_two_ways(train: Callable[..., Run]) -> None:
    gan = ganzoo.load(train("adain", **{"generator.stages": 2}).folder)
    with torch.no_grad():  # ten steps change little; a larger last layer shows what they would
        gan.gan.generator.end.weight.normal_(0, 1)
    photo = Image.effect_noise((32, 32), 40).convert("RGB")
    one, other = (gan.stylize(photo, style=Image.new("RGB", (40, 30), color)) for color in ("red", "navy"))
    assert one.tobytes() != other.tobytes()
    half = gan.stylize(photo, style=Image.new("RGB", (40, 30), "red"), strength=0.5)
    assert half.tobytes() not in (photo.tobytes(), one.tobytes())
    with pytest.raises(UsageError, match="one style"):
        ganzoo.load(train("fastcut", name="cut").folder).stylize(photo, style=photo)


def test_adain_learns_styles_by_name_and_walks_between_them(
    tmp_path: Path, train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red and navy paintings in a folder each: each name paints its own way, a walk goes from one to the other."""
    for name, color in (("dusk", "navy"), ("ember", "red")):
        (tmp_path / "styles" / name).mkdir(parents=True)
        for number in range(8):
            noise = Image.effect_noise((24, 24), 30 + number).convert("RGB")
            picture = Image.blend(noise, Image.new("RGB", (24, 24), color), 0.6)
            picture.save(tmp_path / "styles" / name / f"{number}.png")
    run = train("adain", style=tmp_path / "styles", **{"generator.stages": 2})
    gan = ganzoo.load(run.folder)
    translator = gan.gan
    assert list(translator.styles()) == ["", "dusk", "ember"]
    mean, dusk, ember = translator.styles().values()
    assert (dusk - ember).abs().max() > 0.05
    assert torch.allclose(mean, (dusk + ember) / 2, atol=0.3 * float((dusk - ember).abs().max()))
    with torch.no_grad():
        translator.generator.end.weight.normal_(0, 0.05)
    gan.photos = torch.randint(0, 256, (2, 3, 32, 32)) / 127.5 - 1
    walk = gan.walk(4, styles=["dusk", "ember"])
    photo = gan.to_pil(gan.photos[:1])[0]
    painted = [pil_to_tensor(gan.stylize(photo, style=name)) / 127.5 - 1 for name in ("dusk", "ember")]
    assert (walk[0] - painted[0]).abs().max() < 0.03 and (walk[2] - painted[1]).abs().max() < 0.03
    assert (walk[1] - walk[0]).abs().max() > 0.03 and torch.equal(walk[1], walk[3])
    with pytest.raises(UsageError, match="names are dusk, ember"):
        gan.stylize(Image.new("RGB", (20, 20)), style="noon")
