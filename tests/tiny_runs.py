"""Fixtures that build and train tiny models."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import configure_run
from ganzoo.data.cache import Images
from ganzoo.data.inputs import open_source, read_images, split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.launch import start
from ganzoo.engine.trainer import Trainer
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View

MODELS = ("dcgan", "lsgan", "wgan", "wgan-gp")


@pytest.fixture(scope="session")
def tiny(catalog: Catalog) -> Callable[..., Configuration]:
    """The configuration of a tiny run of a built-in model, with options on top."""

    def configuration(model: str = "dcgan", **options: object) -> Configuration:
        return configure_run(model, catalog, tiny=True, options={"device": "cpu", **options})

    return configuration


@pytest.fixture(scope="session")
def tiny_images(tiny: Callable[..., Configuration]) -> Images:
    configuration = tiny()
    return read_images(open_source(configuration), configuration, View())


@pytest.fixture
def trainer(tiny: Callable[..., Configuration], tiny_images: Images) -> Callable[..., Trainer]:
    """A trainer of a tiny model."""

    def build(model: str = "dcgan", **options: object) -> Trainer:
        configuration = tiny(model, **options)
        return build_trainer(
            build_gan(configuration, {}), configuration, split_images(configuration, tiny_images), torch.device("cpu")
        )

    return build


@pytest.fixture
def train(tiny: Callable[..., Configuration], catalog: Catalog, tmp_path: Path) -> Callable[..., Run]:
    """Trains a tiny run into the test's folder."""

    def run(model: str = "dcgan", name: str = "run", view: View | None = None, **options: object) -> Run:
        return start(tiny(model, **options), catalog, view or View(), out=tmp_path / name, overwrite=False)

    return run
