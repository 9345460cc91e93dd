"""Training on crops: batches, pairs, resumed and repeated runs, and what is shown of them."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from ganzoo import api
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import configure_run
from ganzoo.config.units import Size
from ganzoo.data.crop import cropped
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import DataSources
from ganzoo.data.scale import scale_of, with_scale
from ganzoo.data.training import unseen
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import UsageError
from ganzoo.inference.loading import WHOLE_PHOTOS, held_out_photos, load_run
from ganzoo.reproducing.reproduction import reproduce
from ganzoo.runs.folder import Run
from ganzoo.runs.run_file import read_run_file, whole_view
from ganzoo.runs.view import View
from tests.engine.test_resume import assert_same, lines

KEPT = 40
Train = Callable[..., Run]


class Heard(View):
    def __init__(self) -> None:
        self.said: list[str] = []

    def notice(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Twenty photos of noise, and paintings that show the same."""
    root, rng = tmp_path_factory.mktemp("sides"), np.random.default_rng(0)
    for number in range(20):
        picture = Image.fromarray(rng.integers(0, 256, (KEPT, KEPT, 3), np.uint8))
        for side in ("data", "style"):
            (root / side).mkdir(exist_ok=True)
            picture.save(root / side / f"{number:02}.png")
    return {"data": str(root / "data"), "style": str(root / "style")}


def built(configuration: Configuration, processes: Processes | None = None) -> Trainer:
    sources = DataSources(configuration)
    configuration = sources.configuration = with_scale(configuration, scale_of(configuration, sources.sides))
    images, photos = sources.read(View())
    gan = build_gan(configuration, images.attributes)
    data = sources.training_data(images, photos, paired=gan.paired)
    return build_trainer(gan, configuration, data, torch.device("cpu"), processes)


def test_a_batch_is_crops_of_the_pictures_in_their_order(tiny: Callable[..., Configuration], sides) -> None:
    batches = built(tiny("fastcut", **sides)).batches
    assert batches.crop == Size(16, 16)
    rng = torch.Generator()
    rng.set_state(batches.rng.get_state())
    batch = batches.draw(0, progress=0.0, number=0)
    assert batch.source is not None and batch.source.shape == batch.target.shape == (4, 3, 16, 16)
    data = batches.data
    assert data.sources is not None
    photos, _ = data.sources.take(data.source_numbers[batches.source_order.indices(0, 4)])
    paintings, _ = data.images.take(data.numbers[batches.order.indices(0, 4)])
    assert torch.equal(batch.source, from_uint8(cropped(photos, Size(16, 16), rng)))
    assert torch.equal(batch.target, from_uint8(cropped(paintings, Size(16, 16), rng)))
    again = batches.draw(0, progress=0.0, number=0)
    assert not torch.equal(again.target, batch.target)  # the same pictures, cropped elsewhere


@pytest.mark.parametrize("augmentation", ["none", "scene"])
def test_a_photo_and_its_painting_are_cropped_alike(
    augmentation: str, tiny: Callable[..., Configuration], sides: dict[str, object]
) -> None:
    trainer = built(tiny("pix2pix", **sides, augment_data=augmentation))
    size = trainer.batches.crop
    assert size is not None and (size.height > 16) == (augmentation == "scene")  # with the margin that it asks for
    batch = trainer._draw(0.0)
    assert batch.source is not None and batch.target.shape[2:] == (16, 16)
    assert torch.equal(batch.source, batch.target) and batch.target.std() > 0.1


def test_a_batch_is_the_same_on_any_number_of_processes(tiny: Callable[..., Configuration], sides) -> None:
    configuration = tiny("fastcut", **sides)
    alone = built(configuration).batches.draw(8, progress=0.0, number=0)
    parts = [built(configuration, Processes(rank, 2)).batches.draw(8, progress=0.0, number=0) for rank in range(2)]
    for side in ("source", "target"):
        assert torch.equal(torch.cat([getattr(part, side) for part in parts]), getattr(alone, side))


def test_without_crops_the_pictures_come_as_they_are(tiny: Callable[..., Configuration], sides) -> None:
    batches = built(tiny("fastcut", **sides, crop=False)).batches
    before = batches.rng.get_state()
    batch = batches.draw(0, progress=0.0, number=0)
    pixels, _ = batches.data.images.take(batches.data.numbers[batches.order.indices(0, 4)])
    assert batches.crop is None and pixels.shape[2:] == (16, 16)
    assert torch.equal(batch.target, from_uint8(pixels)) and torch.equal(batches.rng.get_state(), before)


def test_a_generator_crops_if_it_is_asked_to(tiny: Callable[..., Configuration], sides: dict[str, object]) -> None:
    data = {"data": sides["data"]}
    assert built(tiny("dcgan", **data)).data.images.pixels.shape[1:3] == (16, 16)
    trainer = built(tiny("dcgan", **data, crop=True, load_size=32))
    assert trainer.data.images.pixels.shape[1:3] == (32, 32)
    assert trainer._draw(0.0).target.shape == (8, 3, 16, 16)


def test_a_resumed_run_equals_one_that_was_not_and_a_reproduced_one_too(
    train: Train, sides: dict[str, object], catalog: Catalog
) -> None:
    view = Heard()
    whole = train("fastcut", "whole", view, **sides, budget="4steps", log_every="1steps")
    assert (
        sum(f"40 images are kept at {KEPT} pixels, 0 MB in the cache, ready after" in text for text in view.said) == 1
    )
    content = read_run_file(whole.folder)
    recorded = {key: content["configuration"][key]["value"] for key in ("load_size", "crop")}
    assert recorded == {"load_size": KEPT, "crop": True} and whole_view(content) == KEPT
    parted = train("fastcut", "parted", **sides, budget="2steps", log_every="1steps")
    api.resume(parted.folder, budget="4steps")
    assert_same(whole.folder, parted.folder, 4)
    assert lines(whole.folder) == lines(parted.folder)
    assert reproduce(whole.folder, catalog, View()).identical


def test_what_continues_a_run_takes_the_scale_that_it_has(
    train: Train, sides: dict[str, object], catalog: Catalog
) -> None:
    run = train("fastcut", **sides, budget="1steps", crop="auto", load_size="auto")

    def again(**options: object) -> None:
        given = {"device": "cpu", **sides, "budget": "2steps", **options}
        api.continue_run(configure_run("fastcut", catalog, tiny=True, options=given), catalog, View(), out=run.folder)

    again()
    assert read_run_file(run.folder)["configuration"]["load_size"]["value"] == KEPT
    again(load_size=KEPT)
    for other in ({"load_size": 32}, {"crop": False}):
        with pytest.raises(UsageError, match=f"a run with another {next(iter(other))}"):
            again(**other)


def test_what_was_asked_for_must_be_asked_for_again(train: Train, sides: dict[str, object], catalog: Catalog) -> None:
    asked = {"crop": True, "load_size": 32}
    run = train("dcgan", data=sides["data"], **asked, budget="1steps")

    def again(**options: object) -> None:
        given = {"device": "cpu", "data": sides["data"], "budget": "2steps", **options}
        api.continue_run(configure_run("dcgan", catalog, tiny=True, options=given), catalog, View(), out=run.folder)

    for left_out in asked:
        with pytest.raises(UsageError, match=f"a run with another {left_out}: give another --out, or the same options"):
            again(**{key: value for key, value in asked.items() if key != left_out})
    again(**asked)


def test_a_run_from_before_crops_is_resumed_without_them(train: Train, sides: dict[str, object]) -> None:
    whole = train("fastcut", "whole", **sides, crop=False, budget="4steps", log_every="1steps")
    parted = train("fastcut", "parted", **sides, crop=False, budget="2steps", log_every="1steps")
    content = json.loads((parted.folder / "run.json").read_text())
    for key in ("load_size", "crop"):
        del content["configuration"][key]
    (parted.folder / "run.json").write_text(json.dumps(content))
    api.resume(parted.folder, budget="4steps")
    assert_same(whole.folder, parted.folder, 4)


def test_grids_show_whole_photos_as_large_as_they_are_kept(
    train: Train, sides: dict[str, object], catalog: Catalog
) -> None:
    run = train("fastcut", **sides, budget="1steps")
    with Image.open(run.folder / "samples" / "step-000001.png") as sheet:
        assert sheet.size == (4 * (KEPT + 2) + 2, 3 * (KEPT + 2) + 2)  # six pairs
        shown = np.asarray(sheet)[2 : KEPT + 2, 2 : KEPT + 2]
    photos = held_out_photos(run.folder, catalog)
    assert len(photos) == WHOLE_PHOTOS and photos.shape[2:] == (KEPT, KEPT)
    sources = DataSources(run.configuration)
    kept, plain = sources.whole_photos(), sources.plain_photos()
    assert kept is not None and plain is not None and plain.pixels.shape[1:3] == (16, 16)
    first = unseen(kept, np.arange(len(kept)), 1)
    assert np.array_equal(kept.rows(first)[0], shown)
    assert torch.equal(photos[:1], from_uint8(kept.take(first)[0]))
    assert held_out_photos(run.folder, catalog, 3, multiple=16).shape == (3, 3, 32, 32)
    gan, _ = load_run(run.folder, which="LATEST", catalog=catalog)
    gan.photos = photos  # type: ignore[union-attr]
    assert gan.sample(4).shape == (8, 3, KEPT, KEPT)
