"""Starts or resumes a run: builds everything that the configuration names, then trains."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from ganzoo.catalog import Catalog
from ganzoo.configuration import Configuration
from ganzoo.data.cache import Images, prepare
from ganzoo.data.source import ImageSource
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.device import choose_device, set_up
from ganzoo.engine.loop import Loop
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DataError, PluginError, one_line
from ganzoo.listeners import Listeners
from ganzoo.model import GAN
from ganzoo.parts import Parts
from ganzoo.runs import Run, claimed_folder, empty_folder, file_name, locked, read_run_file, write_run_file
from ganzoo.specs import ImageShape, load_target
from ganzoo.view import View

_SKIPPED_KEPT = 100


def start(configuration: Configuration, catalog: Catalog, view: View, *, out: Path | None, overwrite: bool) -> Run:
    """Trains a new run to the end of its budget and returns it; errors are those of `ganzoo.errors`."""
    device = choose_device(configuration.settings.device)
    source = open_source(configuration)
    gan = build_gan(configuration, source.attributes)
    with claimed_folder(configuration.model.spec.name, out, overwrite=overwrite) as folder:
        images = read_images(source, configuration, view)
        trainer = build_trainer(gan, configuration, images, device)
        run = Run(folder=folder, configuration=configuration)
        empty_folder(folder)
        write_run_file(run, _facts(trainer, images))
        return _loop(run, trainer, catalog, view).train()


def resume(folder: Path, configuration: Configuration, catalog: Catalog, view: View) -> Run:
    """Goes on with a run from its newest good checkpoint, exactly as if it had not stopped.

    Raises DataError when the images are not those that the run was started with.
    """
    started_with = read_run_file(folder)["data"]["fingerprint"]
    device = choose_device(configuration.settings.device)
    source = open_source(configuration)
    images = read_images(source, configuration, view)
    if images.fingerprint != started_with:
        raise DataError(f"the images have changed since '{folder}' was started, so it can't be resumed with them")
    trainer = build_trainer(build_gan(configuration, source.attributes), configuration, images, device)
    run = Run(folder=folder, configuration=configuration)
    with locked(folder):
        step, saved, problems = checkpoint.load(run.checkpoints, snapshot.GROUPS)
        for problem in problems:
            view.notice(problem)
        loop = _loop(run, trainer, catalog, view, seconds=snapshot.restore(trainer, saved))
        checkpoint.set_aside_after(run.checkpoints, step)
        run.forget_after(step)
        write_run_file(run, _facts(trainer, images))
        view.notice(f"resuming '{file_name(folder)}' from step {step}")
        return loop.train()


def _loop(run: Run, trainer: Trainer, catalog: Catalog, view: View, seconds: float = 0.0) -> Loop:
    return Loop(run, trainer, Listeners(catalog.plugins, view.notice), view, seconds=seconds)


def open_source(configuration: Configuration) -> ImageSource:
    """The data set that the configuration names; nothing is read yet."""
    part = configuration.parts["data"]
    source: ImageSource = load_target(part.spec.target)(part.options)
    return source


def read_images(source: ImageSource, configuration: Configuration, view: View) -> Images:
    """All images at training size; the view hears of the ones that were skipped."""
    images = prepare(source, configuration.settings.size, view.reading)
    if images.skipped:
        first, problem = images.skipped[0]
        view.notice(f"{len(images.skipped)} of {len(source)} images skipped, such as '{first}': {problem}")
    return images


def build_gan(configuration: Configuration, attributes: Mapping[str, tuple[str, ...]]) -> GAN:
    """The recipe with fresh weights, which depend on the seed alone.

    Raises PluginError when the model's code can't be imported or does not give a GAN.
    """
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width, attributes=attributes)
    spec = configuration.model.spec
    try:
        target = load_target(spec.target)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise PluginError(f"model '{spec.name}' can't be loaded: {one_line(error)}") from error
    with torch.random.fork_rng():
        torch.manual_seed(configuration.settings.seed)
        gan = target(configuration.options, shape=shape, parts=Parts(configuration.parts))
    if not isinstance(gan, GAN):
        raise PluginError(f"model '{spec.name}': {spec.target} is not a ganzoo.model.GAN")
    return gan


def build_trainer(gan: GAN, configuration: Configuration, images: Images, device: torch.device) -> Trainer:
    """The recipe on its device, ready for the first step."""
    settings = configuration.settings
    set_up(device, settings.threads)
    return Trainer(
        gan,
        images,
        batch=configuration.options.batch,
        seed=settings.seed,
        device=device,
        precision=settings.precision,
        half_life=1000 * configuration.options.ema_kimg,
        clip_gradients=settings.clip_gradients,
        compile=settings.compile,
    )


def _facts(trainer: Trainer, images: Images) -> dict[str, object]:
    return {
        "device": str(trainer.device),
        "parameters": {step.name: sum(p.numel() for p in step.trains.parameters()) for step in trainer.steps},
        "data": {
            "fingerprint": images.fingerprint,
            "images": len(images),
            "attributes": {name: list(values) for name, values in images.attributes.items()},
            "skipped": len(images.skipped),
            "skipped_files": _named(images.skipped[:_SKIPPED_KEPT]),
        },
    }


def _named(skipped: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "problem": problem} for name, problem in skipped]
