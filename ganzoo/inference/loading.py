"""Loads trained models from run folders, and the photos that their training never saw."""

import warnings
from pathlib import Path

import numpy as np
from torch import Tensor

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Layer
from ganzoo.config.resolve import open_catalog, recorded_configuration
from ganzoo.config.units import Size
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import DataSources, fitted, split_images
from ganzoo.data.scale import in_multiples
from ganzoo.data.training import unseen
from ganzoo.engine import checkpoint
from ganzoo.engine.build import build_gan
from ganzoo.engine.device import choose_device
from ganzoo.errors import DataError, StorageError
from ganzoo.inference.loaded import LoadedGAN, LoadedGenerator, LoadedTranslator
from ganzoo.io.installed import forgiving
from ganzoo.model import GAN
from ganzoo.runs.run_file import PUBLISHED, check_has_data, read_run_file, whole_view
from ganzoo.specs import ImageShape
from ganzoo.trained.finding import find
from ganzoo.translator import Translator


@forgiving()
def load(
    folder: str | Path,
    *,
    which: str | int | None = None,
    device: str = "auto",
    catalog: Catalog | None = None,
) -> LoadedGAN:
    """Loads the model of a run folder, or a published model by its name.

    `which` is "LATEST" (the default), "BEST" or the step of a checkpoint; "FOLDER@BEST" says the same. Raises
    UsageError when there is no such run folder or model, StorageError when it has no intact checkpoint, PluginError
    when the plugin that the model was trained with is missing. Warns about newer checkpoints that are damaged and
    skipped.
    """
    known = catalog or open_catalog()
    found = find(folder, which, lambda: known)
    gan, problems = load_run(found.folder, which=found.which, device=device, catalog=known)
    for problem in problems:
        warnings.warn(problem, stacklevel=3)
    return gan


def load_run(
    folder: Path, *, which: str, device: str = "auto", catalog: Catalog | None = None
) -> tuple[LoadedGAN, tuple[str, ...]]:
    """Loads from a run folder as `load` does, and returns a sentence for each checkpoint that was skipped."""
    content = read_run_file(folder)
    configuration = recorded_configuration(content, catalog or open_catalog())
    attributes = {name: tuple(values) for name, values in content["data"]["attributes"].items()}
    gan = build_gan(configuration, attributes)
    step, problems = _load_weights(gan, folder, which)
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width, attributes=attributes)
    if configuration.model.spec.task != "translate":
        return LoadedGenerator(gan, shape, step, choose_device(device)), problems
    translator = LoadedTranslator(gan, shape, step, choose_device(device))
    translator.whole_view, translator.crops = whole_view(content), configuration.settings.crop is True
    translator.needs_style = "imported" in content and isinstance(gan, Translator) and gan.takes_style
    return translator, problems


PHOTOS, WHOLE_PHOTOS = 64, 12
"""How many photos are shown at training size, and how many whole at a larger one."""


def held_out_photos(
    folder: Path, catalog: Catalog, most: int | None = None, *, data: str | None = None, multiple: int = 1
) -> Tensor:
    """At most `most` photos that a translator's training never saw, B 3 H W in [-1, 1] on the CPU.

    They are whole, and as large as they were kept for the training; both sides are multiples of `multiple`. Where none
    are held out they are photos that it was trained on. `data` is where the photos are now, if they were moved. Raises
    DataError when there are other photos. A published model takes any photos, since those of its training need not be
    here.
    """
    content = read_run_file(folder)
    check_has_data(content, data)
    configuration = recorded_configuration(content, catalog, [moved(data)])
    anybody = content.get(PUBLISHED) is True
    photos = DataSources(configuration).whole_photos()
    assert photos is not None, "a model that draws from noise has no photos"
    other = anybody or "imported" in content
    if data is not None and not other and photos.fingerprint != content["sources"]["fingerprint"]:
        raise DataError(f"--data '{data}': these are not the photos that '{folder}' was trained on")
    usual = WHOLE_PHOTOS if configuration.settings.crop is True else PHOTOS
    known = photos.fingerprint == content["sources"]["fingerprint"]
    trained_on = split_images(configuration, photos).numbers if known or not anybody else np.empty(0, dtype=np.int64)
    chosen = unseen(photos, trained_on, most or usual)
    pixels, _ = photos.take(chosen)
    return from_uint8(fitted(pixels, in_multiples(Size(*pixels.shape[2:]), multiple)))


def moved(data: str | None) -> Layer:
    """The setting that says where the data of a run are now; None leaves it as recorded."""
    return Layer(origin="flag", values={} if data is None else {"data": data})


def _load_weights(gan: GAN, folder: Path, which: str) -> tuple[int, tuple[str, ...]]:
    """Fills the model from a checkpoint; returns its step, and a sentence for each checkpoint that was skipped."""
    # Names and shapes are compared with these before the file's tensors take any memory.
    like = {"weights": gan.state_dict(), "ema": gan.averaged.state_dict()}
    step, saved, problems = checkpoint.load(folder / "checkpoints", ("weights", "ema"), which, like)
    if not saved.tensors:
        raise StorageError(f"the checkpoint of '{folder}' has no weights")
    if "weights" in saved.tensors:  # a published model has the averaged ones alone, and draws with no others
        gan.load_state_dict(dict(saved.tensors["weights"]))
    if "ema" in saved.tensors:
        gan.averaged.load_state_dict(dict(saved.tensors["ema"]))
    return step, problems
