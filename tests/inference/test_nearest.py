"""Copies of training images are pointed out, with the image that they are copies of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ganzoo
from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog
from ganzoo.errors import DataError
from ganzoo.inference.nearest import nearest_training


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nearest") / "run"
    options = {"data.count": 240}
    return ganzoo.run("dcgan", tiny=True, out=out, budget="2steps", device="cpu", size=32, options=options).folder


def test_a_copy_stands_first_beside_what_it_copies(folder: Path) -> None:
    catalog = open_catalog(third_party=False)
    drawn = ganzoo.load(folder, device="cpu").sample(8)
    honest = nearest_training(folder, drawn, catalog, torch.device("cpu"))
    assert not honest.copies.any() and honest.pairs().shape == (16, 3, 32, 32)
    known = honest.training[3]
    found = nearest_training(folder, torch.cat([drawn, known[None]]), catalog, torch.device("cpu"))
    assert found.copies.tolist() == [True] + [False] * 8
    torch.testing.assert_close(found.pictures[0], known)
    torch.testing.assert_close(found.training[0], known)


def test_the_command_says_how_many(folder: Path, capsys) -> None:
    assert run_command(["sample", str(folder), "--nearest", "-n", "6"]) == 0
    assert "none of 6 pictures is a near copy" in capsys.readouterr().out
    with Image.open(folder / "samples-0.png") as sheet:
        assert np.asarray(sheet).shape[1] >= 2 * 32


def test_it_is_for_a_plain_grid(folder: Path, capsys) -> None:
    assert run_command(["sample", str(folder), "--nearest", "--walk", "8"]) == 2
    assert "plain grid" in capsys.readouterr().err


def test_a_few_images_say_nothing_of_nearness(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = ganzoo.run("dcgan", tiny=True, out=out, budget="1steps", device="cpu", options={"data.count": 5})
    drawn = ganzoo.load(run.folder, device="cpu").sample(2)
    with pytest.raises(DataError, match="too few"):
        nearest_training(run.folder, drawn, open_catalog(third_party=False), torch.device("cpu"))
