"""What a configuration names is opened once, read, and split."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.data import folder
from ganzoo.data.cache import Images
from ganzoo.data.folder import FolderSource
from ganzoo.data.inputs import DataSources, split_images
from ganzoo.data.pairs import ALONE
from ganzoo.data.split import split
from ganzoo.data.training import TrainingData, unseen
from ganzoo.engine import launch
from ganzoo.errors import DataError
from ganzoo.runs.view import View

MARGIN = {"augment_data": "scene", "augment_data.zoom": 1.5, "augment_data.perspective": 0}


class Stop(Exception):
    """Ends a start once its scorer is built."""


@pytest.fixture
def sides(tmp_path: Path) -> dict[str, object]:
    """Two folders with pictures of the same names."""
    for number in range(40):
        for side, shade in (("data", 5 * number), ("style", 255 - 5 * number)):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.new("RGB", (24, 24), (shade, 100, 0)).save(tmp_path / side / f"{number:02}.png")
    return {"data": str(tmp_path / "data"), "style": str(tmp_path / "style")}


@pytest.mark.parametrize("model", ["pix2pix", "cyclegan"])
def test_a_start_with_scores_opens_and_scans_each_folder_once(
    model: str,
    sides: dict[str, object],
    tiny: Callable[..., Configuration],
    catalog: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pairs look at the file names again, and scores at images without the margin of the augmentation."""
    opened: list[str] = []
    scanned: list[str] = []
    shapes: list[tuple[int, ...]] = []
    opening, scanning = FolderSource.__init__, folder.walk
    monkeypatch.setattr(
        FolderSource, "__init__", lambda self, options: (opened.append(options.path), opening(self, options))[1]
    )
    monkeypatch.setattr(folder, "walk", lambda root, *rest: (scanned.append(root), scanning(root, *rest))[1])

    def build_scorer(configuration: Configuration, images: Images, *_: object, sources: Images | None) -> object:
        assert sources is not None
        shapes.extend(side.pixels.shape for side in (images, sources))
        raise Stop

    configuration = tiny(model, **sides, **MARGIN, score_every="1steps")
    with pytest.raises(Stop):
        launch.start(configuration, catalog, View(), out=tmp_path / "run", overwrite=False, build_scorer=build_scorer)
    assert sorted(opened) == sorted(scanned) == sorted(sides.values())
    assert shapes == [(40, 16, 16, 3)] * 2


def test_images_are_read_with_the_margin_and_scored_without_it(
    sides: dict[str, object], tiny: Callable[..., Configuration]
) -> None:
    sources = DataSources(tiny("cyclegan", **sides, **MARGIN))
    images, photos = sources.read(View())
    assert photos is not None and images.pixels.shape == photos.pixels.shape == (40, 24, 24, 3)
    assert sources.plain_target(decoded=images).pixels.shape == (40, 16, 16, 3)
    plain = DataSources(tiny("cyclegan", **sides))
    images, photos = plain.read(View())
    assert plain.plain_target(decoded=images) is images and plain.plain_photos(decoded=photos) is photos


def test_a_model_that_draws_from_noise_has_no_photos(tiny: Callable[..., Configuration]) -> None:
    sources = DataSources(tiny("dcgan", **{"data.count": 100, "held_out": 0.25}))
    images, photos = sources.read(View())
    assert photos is None and sources.photos is None and sources.plain_photos() is None
    data = sources.training_data(images, photos, paired=True)
    assert len(data.numbers) == 75 and data.sources is None and len(data.source_numbers) == 0


def test_pairs_are_made_of_the_sources_that_are_open(
    sides: dict[str, object], tiny: Callable[..., Configuration]
) -> None:
    sources = DataSources(tiny("pix2pix", **sides, held_out=0.5))
    images, photos = sources.read(View())
    data = sources.training_data(images, photos, paired=True)
    assert data.partners.tolist() == list(range(40)) and data.source_numbers.tolist() == data.numbers.tolist()
    (Path(str(sides["data"])) / "00.png").unlink()
    with pytest.raises(DataError, match=r"without counterpart: '00\.png' in style"):
        again = DataSources(sources.configuration)
        again.training_data(*again.read(View()), paired=True)


def blank(count: int) -> Images:
    pixels, labels = np.zeros((count, 4, 4, 3), np.uint8), np.zeros((count, 0), np.int64)
    return Images(pixels=pixels, labels=labels, attributes={}, fingerprint="", skipped=())


def test_an_image_without_a_partner_is_not_trained_on() -> None:
    data = TrainingData.of(blank(4), blank(3), partners=np.array([2, ALONE, 0, 1]))
    assert data.numbers.tolist() == [0, 2, 3] and data.source_numbers.tolist() == [2, 0, 1]


def test_a_pair_is_held_out_by_its_photo_whatever_the_order_of_the_paintings() -> None:
    """Scores paint the held-out photos, so training must have seen none of them."""
    photos, order = blank(100), np.random.default_rng(0).permutation(100)
    data = TrainingData.of(blank(101), photos, held_out=0.25, partners=np.append(order, ALONE))
    assert not set(data.source_numbers) & set(split(100, 0.25).held_out) and len(data.numbers) == 75
    assert (np.append(order, ALONE)[data.numbers] == data.source_numbers).all()
    plain = TrainingData.of(blank(100), photos, held_out=0.25, partners=np.arange(100))
    assert (plain.numbers == split(100, 0.25).train).all()


def test_the_unseen_are_those_held_out_or_else_any(tiny: Callable[..., Configuration]) -> None:
    images = blank(100)
    data = split_images(tiny(held_out=0.25), images)
    held_out = unseen(images, data.numbers, 100)
    assert len(held_out) == 25 and set(held_out) == set(range(100)) - set(data.numbers)
    assert unseen(images, data.numbers, 3).tolist() == held_out[:3].tolist()
    assert unseen(images, TrainingData.of(images).numbers, 2).tolist() == [0, 1]
