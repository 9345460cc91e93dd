"""A label that no usable image has is none, and a run that was trained with one can still be resumed."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo import api
from ganzoo.config.configuration import Configuration
from ganzoo.data import cache
from ganzoo.data.folder import FolderSource
from ganzoo.data.inputs import open_source
from ganzoo.data.labels import renumbered, with_usable_values
from ganzoo.engine.facts import with_recorded_labels
from ganzoo.runs.folder import Run

Train = Callable[..., Run]


def folders(root: Path) -> Path:
    """Three folders, of which the second has broken pictures only."""
    for place, name in enumerate(("ant", "bee", "cat")):
        (root / name).mkdir(parents=True)
        for number in range(10):
            file = root / name / f"{number}.png"
            if name == "bee":
                file.write_bytes(b"broken")
            else:
                Image.new("RGB", (20, 20), (20 * number, 100 * place, 0)).save(file)
    return root


def test_values_without_images_go_and_the_others_are_numbered_anew() -> None:
    attributes = {"folder": ("a", "b", "c"), "time": ("day", "night")}
    labels = np.array([[2, 0], [0, 0], [2, 0]])
    kept, numbers = with_usable_values(attributes, labels)
    assert kept == {"folder": ("a", "c"), "time": ("day",)} and numbers.tolist() == [[1, 0], [0, 0], [1, 0]]
    assert renumbered(kept, numbers, attributes).tolist() == labels.tolist()
    assert with_usable_values({}, np.empty((3, 0), np.int64))[0] == {}


def test_a_folder_of_broken_pictures_is_no_label(tmp_path: Path, tiny: Callable[..., Configuration]) -> None:
    root = folders(tmp_path / "data")
    configuration = tiny("dcgan", data=str(root), max_bad=0.5)
    source = open_source(configuration)
    assert isinstance(source, FolderSource) and source.attributes == {"folder": ("ant", "bee", "cat")}
    for _ in range(2):  # read, then from the cache
        images = cache.prepare(source, configuration.settings.size)
        assert images.attributes == {"folder": ("ant", "cat")}
        assert np.unique(images.labels).tolist() == [0, 1]
        assert images.take(np.array([0, 10]))[0].float().mean(dim=(2, 3))[:, 1].tolist() == [0, 200]


def test_it_is_no_style_of_a_run(tmp_path: Path, train: Train) -> None:
    options = {"data": str(folders(tmp_path / "data")), "max_bad": 0.5, "generator.labels": True}
    run = train("sngan", budget="2steps", **options)
    content = json.loads((run.folder / "run.json").read_text())
    assert content["data"]["attributes"] == {"folder": ["ant", "cat"]}
    again = api.resume(run.folder, budget="3steps")
    assert again.progress.steps == 3


def test_an_older_run_keeps_its_labels(tmp_path: Path, train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"data": str(folders(tmp_path / "data")), "max_bad": 0.5, "generator.labels": True}
    with monkeypatch.context() as patch:
        patch.setattr(cache, "with_usable_values", lambda attributes, labels: (attributes, labels))
        run = train("sngan", budget="2steps", **options)
    content = json.loads((run.folder / "run.json").read_text())
    assert content["data"]["attributes"] == {"folder": ["ant", "bee", "cat"]}
    again = api.resume(run.folder, budget="3steps")
    assert again.progress.steps == 3
    assert json.loads((run.folder / "run.json").read_text())["data"]["attributes"] == content["data"]["attributes"]
    images = cache.prepare(open_source(run.configuration), run.configuration.settings.size)
    assert np.unique(with_recorded_labels(content, images).labels).tolist() == [0, 2]
    other = {"data": {"attributes": {"folder": ["ant"]}}}
    assert with_recorded_labels(other, images) is images
