"""Starts or resumes a run: reads and builds what the configuration names, then trains."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch

from ganzoo.catalog.listeners import Listeners
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.data.cache import Images, prepare
from ganzoo.data.source import ImageSource, PictureStream
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.device import choose_device, hardware
from ganzoo.engine.distributed import Team, joined, own_device
from ganzoo.engine.inputs import learnt_from, open_source, read_images, read_sources
from ganzoo.engine.loop import Loop
from ganzoo.engine.recovery import go_back
from ganzoo.engine.scores import TakesScores
from ganzoo.engine.timeline import recorded_moments
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DataError, UsageError
from ganzoo.runs.folder import (
    Run,
    claimed_folder,
    empty_folder,
    file_name,
    locked,
    read_run_file,
    versions,
    write_run_file,
)
from ganzoo.runs.view import View

_SKIPPED_KEPT = 100


class BuildScorer(Protocol):
    """Makes the scorer that a configuration asks for; given by the caller, as the engine knows no metric."""

    def __call__(
        self,
        configuration: Configuration,
        images: Images,
        device: torch.device,
        warn: Callable[[str], None],
        *,
        sources: Images | None,
    ) -> TakesScores:
        """The scorer of these images, and for translators of photos; `warn` hears of what goes wrong in it."""


def start(
    configuration: Configuration,
    catalog: Catalog,
    view: View,
    *,
    out: Path | None,
    overwrite: bool,
    build_scorer: BuildScorer | None = None,
    like: Path | None = None,
) -> Run:
    """Trains a new run to the end of its budget and returns it; errors are those of `ganzoo.errors`.

    `like` names the folder of a run to be made again: the images must be those of then, and the model is told what it
    was told there of the part of the budget that was used up.
    """
    _check_scores(configuration)
    with joined() as team:
        view = view if team.processes.first else View()
        device = _device(configuration, team)
        source = open_source(configuration, learnt_from(configuration))
        # What the model can't do is told before a long reading of images, where their labels are known without it.
        gan = build_gan(configuration, source.attributes) if isinstance(source, ImageSource) else None
        with _claimed(team, configuration, out, overwrite=overwrite) as folder:
            images, sources = _read_all(source, configuration, view, team)
            if like and team.processes.first:
                _check_same(like, read_run_file(like), images, sources, _parts_of(configuration, team))
            gan = gan or build_gan(configuration, images.attributes)
            trainer = build_trainer(gan, configuration, images, device, sources, team.processes)
            scorer = _scorer(build_scorer, configuration, trainer, source, view, team)
            run = Run(folder=folder, configuration=configuration)
            if team.processes.first:
                empty_folder(folder)
                write_run_file(run, _facts(trainer))
                run.make_folders()
            listeners = _listeners(catalog, view, team)
            moments = recorded_moments(like) if like else ()
            return Loop(run, trainer, listeners, view, scorer=scorer, team=team, moments=moments).train()


def resume(
    folder: Path,
    configuration: Configuration,
    catalog: Catalog,
    view: View,
    *,
    build_scorer: BuildScorer | None = None,
) -> Run:
    """Goes on with a run from its newest good checkpoint, exactly as if it had not stopped.

    Raises DataError when the images are not those that the run was started with.
    """
    started_with = read_run_file(folder)
    _check_scores(configuration)
    with joined() as team:
        view = view if team.processes.first else View()
        device = _device(configuration, team)
        source = open_source(configuration, learnt_from(configuration))
        images, sources = _read_all(source, configuration, view, team)
        if team.processes.first:  # with data.share=auto each has its own, and run.json knows those of the first
            _check_same(folder, started_with, images, sources, _parts_of(configuration, team))
        gan = build_gan(configuration, images.attributes)
        trainer = build_trainer(gan, configuration, images, device, sources, team.processes)
        scorer = _scorer(build_scorer, configuration, trainer, source, view, team)
        run = Run(folder=folder, configuration=configuration)
        with locked(folder, view.notice) if team.processes.first else nullcontext():
            seconds = go_back(run, trainer, view)
            if team.processes.first:
                write_run_file(run, _facts(trainer))
            view.notice(f"resuming '{file_name(folder)}' from step {trainer.rounds}")
            if other := _other_versions(started_with):
                view.notice(f"trained so far with {other}: from here on results may differ in their last digits")
            listeners = _listeners(catalog, view, team)
            return Loop(run, trainer, listeners, view, seconds=seconds, scorer=scorer, team=team).train()


def _device(configuration: Configuration, team: Team) -> torch.device:
    """Where this process computes. Raises UsageError when the batch can't be shared evenly."""
    try:
        team.processes.share(configuration.options.batch)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return choose_device(own_device(configuration.settings.device))


@contextmanager
def _claimed(team: Team, configuration: Configuration, out: Path | None, *, overwrite: bool) -> Iterator[Path]:
    """The run folder, which the first process claims for all."""
    if not team.processes.first:
        yield Path(team.tell("folder"))
        return
    with claimed_folder(configuration.model.spec.name, out, overwrite=overwrite) as folder:
        team.tell("folder", str(folder.resolve()))
        yield folder


def _read_all(
    source: PictureStream, configuration: Configuration, view: View, team: Team
) -> tuple[Images, Images | None]:
    """The images and what they are translated from; the first process fills the cache that the others then find."""
    with team.first_alone("read"):
        return read_images(source, configuration, view), read_sources(configuration, view)


def _other_versions(started_with: Mapping[str, Any]) -> str:
    """The versions that a run was trained with and that are not those of now."""
    then = started_with.get("versions", {})
    pairs = ((name, then.get(name), now) for name, now in versions().items() if name not in ("commit", "platform"))
    return ", ".join(f"{name} {old} (now {now})" for name, old, now in pairs if old not in (None, now))


def _check_same(
    folder: Path, started_with: Mapping[str, Any], images: Images, sources: Images | None, parts: int
) -> None:
    """Raises DataError for other images than then; `parts` is the number of processes that divide them, or 0."""
    found = {"data": images, "sources": sources}
    if all(side is None or side.fingerprint == started_with[name]["fingerprint"] for name, side in found.items()):
        return
    then = started_with.get("hardware", {}).get("processes", "1")
    if parts and then != str(parts):
        raise DataError(
            f"the images are not those that '{folder}' was started with, by {then} processes: with data.share=auto each"
            f" has a part of its own, so go on with as many as then (now {parts})"
        )
    raise DataError(f"the images have changed since '{folder}' was started: it can only go with those of then")


def _parts_of(configuration: Configuration, team: Team) -> int:
    sides = (configuration.parts[field].options for field in ("data", learnt_from(configuration)))
    return team.processes.count if any(getattr(options, "share", "") == "auto" for options in sides) else 0


def _listeners(catalog: Catalog, view: View, team: Team) -> Listeners:
    """The plugins that listen, to the first process only."""
    return Listeners(catalog.plugins if team.processes.first else (), view.notice)


def _scorer(
    build: BuildScorer | None,
    configuration: Configuration,
    trainer: Trainer,
    source: PictureStream,
    view: View,
    team: Team,
) -> TakesScores | None:
    """The scorer of the first process, for which the others wait: it may look at many real images first.

    Scores are taken on images of the training size, so without the margin of an augmentation.
    """
    if build is None or configuration.settings.score_every is None:
        return None
    with team.first_alone("scorer"):
        if not team.processes.first:
            return None
        plain = _plain(trainer.images, source, configuration, view)
        photos = trainer.sources and _plain(trainer.sources, open_source(configuration), configuration, view)
        return build(configuration, plain, trainer.device, view.notice, sources=photos)


def _plain(images: Images, source: PictureStream, configuration: Configuration, view: View) -> Images:
    settings = configuration.settings
    if images.pixels.shape[1:3] == (settings.size.height, settings.size.width):
        return images
    return prepare(source, settings.size, view, max_bad=settings.max_bad)


def _check_scores(configuration: Configuration) -> None:
    settings = configuration.settings
    if settings.stop_when_flat and settings.score_every is None:
        raise UsageError("stop_when_flat goes by scores, and none are taken: give --score-every 1min or the like")


def _facts(trainer: Trainer) -> dict[str, object]:
    sources = {"sources": _facts_of(trainer.sources, trainer.source_numbers)} if trainer.sources is not None else {}
    return {
        "device": str(trainer.device),
        "hardware": {**hardware(trainer.device), "processes": str(trainer.processes.count)},
        "parameters": {step.name: sum(p.numel() for p in step.trains.parameters()) for step in trainer.steps},
        "data": _facts_of(trainer.images, trainer.numbers),
        **sources,
        "records_probabilities": trainer.gan.records_probabilities,
    }


def _facts_of(images: Images, trained_on: Sized) -> dict[str, object]:
    return {
        "fingerprint": images.fingerprint,
        "images": len(images),
        "held_out": len(images) - len(trained_on),
        "attributes": {name: list(values) for name, values in images.attributes.items()},
        "skipped": len(images.skipped),
        "changed": dict(images.notes),
        "skipped_files": _named(images.skipped[:_SKIPPED_KEPT]),
    }


def _named(skipped: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "problem": problem} for name, problem in skipped]
