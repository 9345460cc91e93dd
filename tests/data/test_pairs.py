"""Pairs by file name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.folder import FolderSource
from ganzoo.data.pairs import ALONE, partners
from ganzoo.errors import DataError


def folder(place: Path, names: list[str]) -> FolderSource:
    for number, name in enumerate(names):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (40 * number, 0, 0)).save(place / name)
    return FolderSource(FolderOptions(path=str(place)))


def test_names_are_matched_without_their_endings_and_a_bad_photo_leaves_its_painting_alone(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", ["a.png", "b.png", "deep/c.png"])
    style = folder(tmp_path / "style", ["a.jpg", "b.jpg", "deep/c.jpg"])
    sides = [prepare(side, Size(16, 16)) for side in (style, data)]
    assert partners(sides[0], style, sides[1], data).tolist() == [0, 1, 2]
    (tmp_path / "data/a.png").write_bytes(b"no picture")
    data = FolderSource(FolderOptions(path=str(tmp_path / "data")))
    assert partners(sides[0], style, prepare(data, Size(16, 16)), data).tolist() == [ALONE, 0, 1]


def test_a_name_without_counterpart_is_told(tmp_path: Path) -> None:
    data, style = folder(tmp_path / "data", ["a.png", "b.png"]), folder(tmp_path / "style", ["a.png", "c.png"])
    sides = [prepare(side, Size(16, 16)) for side in (style, data)]
    with pytest.raises(DataError, match="without counterpart: 'b', 'c'"):
        partners(sides[0], style, sides[1], data)


def test_the_trainer_draws_each_painting_with_its_photo(tmp_path: Path) -> None:
    import ganzoo

    rng = np.random.default_rng(0)
    for number in range(40):
        shade = tuple(int(value) for value in rng.integers(0, 256, 3))
        for side, ending in (("data", "png"), ("style", "jpg")):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.new("RGB", (16, 16), shade).save(tmp_path / side / f"{number:02}.{ending}")
    options = {"device": "cpu", "style": str(tmp_path / "style"), "budget": "2steps"}
    run = ganzoo.run("pix2pix", tiny=True, data=str(tmp_path / "data"), options=options, out=tmp_path / "run")
    assert run.outcome == "done"
