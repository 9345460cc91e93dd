"""Translators under augmentations: pairs stay pairs, margins are cut off, and every size that is accepted trains."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ganzoo import Options
from ganzoo.batch import Batch, SharedGenerator, alike
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, ResolvedPart, resolve_part
from ganzoo.config.resolve import configure_run
from ganzoo.config.units import Size
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import DataSources, fitted
from ganzoo.data.training import unseen
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import UsageError
from ganzoo.model import Augmentation
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from ganzoo.specs import ImageShape, PartSpec
from tests.built_in import CATALOG

MODELS = [model.spec.name for model in CATALOG.models if model.spec.task == "translate"]
BUILT_IN = [part.spec.name for part in CATALOG.parts if part.spec.kind == "augmentation"]
NAMES = [*BUILT_IN, "cropped"]
PLACES = ("augment_data", "augment")
WEATHER = {"fog": 0.3, "rain": 0.3, "snow": 0.3}


class Cropped(Augmentation):
    """One from outside, with a margin and with randomness of its own."""

    margin = 1.3

    def __init__(self, options: Options, *, shape: ImageShape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        height, width = self.shape.height, self.shape.width
        down, right = (int(torch.randint(side, (), generator=rng)) for side in self._room(images))
        cropped = images[:, :, down : down + height, right : right + width]
        return torch.where(torch.rand(len(images), 1, 1, 1, generator=rng) < 0.5, cropped.flip(3), cropped)

    def _room(self, images: Tensor) -> tuple[int, int]:
        return images.shape[2] - self.shape.height + 1, images.shape[3] - self.shape.width + 1


def augmentation(name: str) -> ResolvedPart:
    if name != "cropped":
        return resolve_part(CATALOG, "augmentation", name, WEATHER if name == "scene" else {})
    spec = PartSpec(
        kind="augmentation", name=name, target=f"{__name__}:Cropped", options=Options, summary="from outside"
    )
    known = resolve_part(CATALOG, "augmentation", "none", {})
    return replace(known, registered=replace(known.registered, spec=spec), name=name)


def configured(model: str, place: str, name: str, **options: object) -> Configuration:
    sides = {"data.count": 40, "style.count": 40} if "data" not in options else {}
    configuration = configure_run(model, CATALOG, tiny=True, options={"device": "cpu", **sides, **options})
    return replace(configuration, parts={**configuration.parts, place: augmentation(name)})


def built(configuration: Configuration) -> Trainer:
    sources = DataSources(configuration)
    images, photos = sources.read(View())
    gan = build_gan(configuration, images.attributes)
    data = sources.training_data(images, photos, paired=gan.paired)
    return build_trainer(gan, configuration, data, torch.device("cpu"))


def trains_and_draws(model: str, place: str, name: str, size: str) -> None:
    configuration = configured(model, place, name, size=size)
    wanted, trainer = configuration.settings.size, built(configuration)
    trainer.round(0.0)
    photos = trainer.batches.unseen_sources(3, wanted)
    assert photos is not None and photos.shape == (3, 3, wanted.height, wanted.width)
    blank = torch.zeros_like(photos)
    painted = trainer.draw(Batch(blank, torch.Generator(), source=photos, progress=1.0))
    assert painted.shape == photos.shape and bool(torch.isfinite(painted).all())


@pytest.mark.parametrize("name", [name for name in NAMES if name in ("scene", "cropped")])
@pytest.mark.parametrize("model", MODELS)
def test_every_translator_trains_on_images_that_were_read_with_a_margin(model: str, name: str) -> None:
    trains_and_draws(model, "augment_data", name, "16")


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_critic_of_stacked_pictures_takes_every_augmentation(name: str) -> None:
    trains_and_draws("pix2pix", "augment", name, "16")


@pytest.mark.matrix
@pytest.mark.parametrize("size", ["16", "32x64"])
@pytest.mark.parametrize(("place", "name"), [pair for pair in product(PLACES, NAMES) if pair != ("augment", "cropped")])
@pytest.mark.parametrize("model", MODELS)
def test_every_translator_trains_under_every_augmentation(model: str, place: str, name: str, size: str) -> None:
    trains_and_draws(model, place, name, size)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, object]:
    """Twenty photos, and paintings that show the same."""
    rng = np.random.default_rng(0)
    for number, side in product(range(20), ("data", "style")):
        (tmp_path / side).mkdir(exist_ok=True)
        if side == "data":
            pixels = rng.integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / side / f"{number:02}.{'png' if side == 'data' else 'bmp'}")
    return {"data": str(tmp_path / "data"), "style": str(tmp_path / "style")}


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_and_its_painting_are_changed_alike(name: str, folders: dict[str, object]) -> None:
    """Where both show the same they stay the same bit for bit: view, colours and weather."""
    trainer = built(configured("pix2pix", "augment_data", name, **folders, batch=10))
    first, second = (trainer._draw(0.0) for _ in range(2))
    for batch in (first, second):
        assert batch.source is not None and batch.target.std() > 0.1
        assert torch.equal(batch.source, batch.target)
    if name not in ("none", "ada"):  # which start with changing nothing
        pixels, _ = trainer.data.images.take(np.arange(5))
        one, other = (trainer.batches._augmented(pixels, trainer.batches.rng) for _ in range(2))
        assert not torch.equal(one, other)


def test_photos_and_paintings_that_are_no_pairs_are_changed_each_in_its_own_way(folders: dict[str, object]) -> None:
    trainer = built(configured("cyclegan", "augment_data", "scene", **folders))
    trainer.batches.source_order = trainer.batches.order  # the same scene on both sides of a batch
    batch = trainer._draw(0.0)
    assert batch.source is not None and not torch.equal(batch.source, batch.target)


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_changes_its_pairs_alike(rank: int) -> None:
    rng = SharedGenerator(2, rank, 4)
    rng.manual_seed(3)
    part = resolve_part(CATALOG, "augmentation", "scene", WEATHER)
    from ganzoo.parts import Parts

    augment = Parts({"augment": part}).build("augment", shape=ImageShape(height=16, width=16))
    images = torch.rand(4, 3, 22, 22) * 2 - 1
    one, other = alike(augment, (images, images.clone()), rng)
    assert torch.equal(one, other)
    fresh = SharedGenerator(2, rank, 4)
    fresh.manual_seed(3)
    augment(images, fresh)
    assert torch.equal(rng.get_state(), fresh.get_state())  # two pictures use up no more than one


def test_the_photos_of_sample_grids_are_those_of_scores(folders: dict[str, object]) -> None:
    """The same view at the same size, whatever an augmentation reads beyond it."""
    configuration = configured("cyclegan", "augment_data", "scene", **folders)
    trainer, plain = built(configuration), DataSources(configuration).plain_photos()
    assert plain is not None and trainer.data.sources is not None
    drawn = trainer.batches.unseen_sources(8, configuration.settings.size)
    expected = from_uint8(plain.take(unseen(plain, trainer.data.source_numbers, 8))[0])
    assert drawn is not None and drawn.shape == expected.shape
    assert float((drawn - expected).abs().mean()) * 127.5 < 8  # noise, the worst case for resizing twice


def test_a_margin_is_resized_away_and_an_image_without_one_is_left_alone() -> None:
    ramp = torch.arange(0, 240, 10, dtype=torch.uint8).expand(2, 3, 24, 24)
    assert fitted(ramp, Size(24, 24)) is ramp
    small = fitted(ramp, Size(16, 16))
    assert small.shape == (2, 3, 16, 16) and small.dtype == torch.uint8
    assert (small[0, 0, 0, 1:-1].float().diff() - 15).abs().max() <= 1  # the whole ramp in fewer pixels


def test_a_run_with_a_margin_ends_well(train: Callable[..., Run]) -> None:
    run = train("fastcut", augment_data="scene", budget="2steps")
    assert run.outcome == "done" and run.newest_sample is not None
    with Image.open(run.newest_sample) as grid:
        assert (grid.width - 2) % 18 == 0 and (grid.height - 2) % 18 == 0  # of 16 pixels, and 2 between them


@pytest.mark.parametrize("size", ["18", "16x22"])
@pytest.mark.parametrize("model", MODELS)
def test_a_size_that_does_not_fit_is_refused_in_one_line(model: str, size: str, catalog: Catalog) -> None:
    with pytest.raises(UsageError, match=r"size .* multiples of \d+") as refused:
        build_gan(configure_run(model, catalog, tiny=True, options={"size": size}), {})
    assert "\n" not in str(refused.value)
