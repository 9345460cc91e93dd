"""Starts or resumes a run: reads and builds what the configuration names, then trains."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch

from ganzoo.catalog.listeners import Listeners
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, ResolvedPart
from ganzoo.config.units import Progress
from ganzoo.data.cache import Images
from ganzoo.data.inputs import DataSources
from ganzoo.data.scale import Scale, scale_of, with_scale
from ganzoo.data.source import ImageSource
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.device import choose_device
from ganzoo.engine.distributed import Team, joined, own_device
from ganzoo.engine.facts import check_same_images, facts, other_versions, sharers, with_recorded_labels
from ganzoo.engine.loop import Loop
from ganzoo.engine.precision import AUTO, choose, with_precision
from ganzoo.engine.recovery import go_back
from ganzoo.engine.scores import TakesScores
from ganzoo.engine.starting import Start, Taken, adopt
from ganzoo.engine.timeline import rate_change, recorded_moments
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import GanzooError, PluginError, UsageError, one_line
from ganzoo.model import GAN
from ganzoo.options import split_names
from ganzoo.runs.claim import claimed_folder, empty_folder, locked
from ganzoo.runs.folder import Run
from ganzoo.runs.paths import file_name
from ganzoo.runs.run_file import read_run_file, write_run_file
from ganzoo.runs.view import View
from ganzoo.specs import load_target


class BuildScorer(Protocol):
    """Builds the scorer that a configuration asks for. The caller passes it in, as the engine knows no metric."""

    def __call__(
        self,
        configuration: Configuration,
        images: Images,
        device: torch.device,
        warn: Callable[[str], None],
        *,
        sources: Images | None,
    ) -> TakesScores:
        """The scorer of these images, and for translators of photos; it calls `warn` when a metric fails."""


def start(
    configuration: Configuration,
    catalog: Catalog,
    view: View,
    *,
    out: Path | None,
    overwrite: bool,
    build_scorer: BuildScorer | None = None,
    like: Path | None = None,
    begin: Start | None = None,
) -> Run:
    """Trains a new run to the end of its budget and returns it; errors are those of `ganzoo.errors`.

    `like` names the folder of a run to reproduce: the images must be those of that run, and the model receives the
    same part of the budget at each step as it did there. `begin` are the weights that the setting `start_from` names.
    """
    _check_scores(configuration)
    assert (begin is not None) == bool(configuration.settings.start_from), "the caller reads what a run starts from"
    with joined() as team:
        launch = _Launch(configuration, view, team)
        # For images whose labels are known beforehand, what the model can't do is an error before a long reading.
        target = launch.sources.target
        gan = build_gan(configuration, target.attributes) if isinstance(target, ImageSource) else None
        with _claimed(team, configuration, out, overwrite=overwrite) as folder:
            images, photos = launch.read()
            if like:
                original = read_run_file(like)
                launch.check_same_images(like, original, images, photos)
                images = with_recorded_labels(original, images)
            if images.attributes != target.attributes:  # labels without a usable image are none
                gan = None
            trainer, taken = launch.trainer(images, photos, gan, begin)
            scorer = launch.scorer(build_scorer, trainer)
            run = Run(folder=folder, configuration=launch.configuration)
            if team.processes.is_main:
                empty_folder(folder)
                write_run_file(run, {**facts(trainer), **({"start": taken.to_dict()} if taken else {})})
                run.make_folders()
            moments = recorded_moments(like) if like else ()
            listeners = launch.listeners(catalog)
            return Loop(run, trainer, listeners, launch.view, scorer=scorer, team=team, moments=moments).train()


def resume(
    folder: Path,
    configuration: Configuration,
    catalog: Catalog,
    view: View,
    *,
    build_scorer: BuildScorer | None = None,
) -> Run:
    """Resumes a run from its newest good checkpoint, exactly as if it had not stopped.

    Raises DataError when the images are not those that the run was started with.
    """
    recorded = read_run_file(folder)
    _check_scores(configuration)
    with joined() as team:
        launch = _Launch(configuration, view, team)
        images, photos = launch.read()
        launch.check_same_images(folder, recorded, images, photos)
        images = with_recorded_labels(recorded, images)
        trainer, _ = launch.trainer(images, photos)
        scorer = launch.scorer(build_scorer, trainer)
        run = Run(folder=folder, configuration=launch.configuration)
        with locked(folder, launch.view.notice) if team.processes.is_main else nullcontext():
            seconds = go_back(run, trainer, launch.view)
            progress = Progress(steps=trainer.rounds, images=trainer.images_seen, seconds=seconds)
            jump = rate_change(folder, trainer.gan, configuration.settings.budget, progress)
            if team.processes.is_main:
                started = {"start": recorded["start"]} if "start" in recorded else {}
                write_run_file(run, {**facts(trainer), **started})
            launch.view.notice(f"resuming '{file_name(folder)}' from step {trainer.rounds}")
            if other := other_versions(recorded):
                launch.view.notice(f"trained so far with {other}: from here on results may differ in their last digits")
            if jump:
                launch.view.notice(jump)
            listeners = launch.listeners(catalog)
            return Loop(run, trainer, listeners, launch.view, seconds=seconds, scorer=scorer, team=team).train()


class _Launch:
    """What start and resume have in common: the device, the images, the trainer and the scorer of one process."""

    def __init__(self, configuration: Configuration, view: View, team: Team) -> None:
        self.team = team
        self.view = view if team.processes.is_main else View()
        self.chosen_listeners = _chosen_listeners(configuration) if team.processes.is_main else {}
        self.device = _device(configuration, team)
        self.sources = DataSources(configuration)
        self.configuration = self.sources.configuration = with_scale(configuration, self._scale())

    def _scale(self) -> Scale:
        """The scale of the images, which the main process finds out for all: each may have a part of its own."""
        own = None
        if self.team.processes.is_main:
            own = scale_of(self.sources.configuration, self.sources.sides, self.view.notice)
        return Scale.parse(self.team.broadcast("scale", str(own)))

    def read(self) -> tuple[Images, Images | None]:
        """The images and the photos to translate; the main process fills the cache that the others then find."""
        with self.team.rank_zero_first("read"):
            return self.sources.read(self.view)

    def check_same_images(
        self, folder: Path, recorded: Mapping[str, Any], images: Images, photos: Images | None
    ) -> None:
        """Raises DataError unless the run in `folder`, of which `recorded` is the run.json, has the same images.

        With data.share=auto each process has its own images, and run.json records those of the main one.
        """
        processes = self.team.processes
        if processes.is_main:
            divided = sharers(self.configuration, processes.world_size)
            check_same_images(folder, recorded, images, photos, divided)

    def trainer(
        self, images: Images, photos: Images | None, gan: GAN | None = None, begin: Start | None = None
    ) -> tuple[Trainer, Taken | None]:
        """The trainer of the model, which is built unless it is given, and what the model took of the weights `begin`.

        The precision is settled first. The average of the weights begins with what the model took.
        """
        self.settle_precision(images.attributes)
        gan = gan or build_gan(self.configuration, images.attributes)
        taken = adopt(gan, begin, images.attributes) if begin is not None else None
        if taken is not None:
            for text in (*taken.start.problems, str(taken)):
                self.view.notice(text)
        data = self.sources.training_data(images, photos, paired=gan.paired)
        return build_trainer(gan, self.configuration, data, self.device, self.team.processes), taken

    def settle_precision(self, attributes: Mapping[str, tuple[str, ...]]) -> None:
        """Puts what the main process finds faster on this machine in place of the precision auto."""
        if self.configuration.settings.precision != AUTO:
            return
        processes, chosen = self.team.processes, ""
        if processes.is_main:
            chosen, told = choose(self.configuration, attributes, self.device, processes.world_size)
            if told:
                self.view.notice(told)
        self.configuration = with_precision(self.configuration, self.team.broadcast("precision", chosen))

    def scorer(self, build: BuildScorer | None, trainer: Trainer) -> TakesScores | None:
        """The scorer of the main process, for which the others wait: it may look at many real images first.

        Scores are taken on images of the training size, without the margin of an augmentation.
        """
        if build is None or self.configuration.settings.score_every is None:
            return None
        with self.team.rank_zero_first("scorer"):
            if not self.team.processes.is_main:
                return None
            data, sources = trainer.data, self.sources
            images = sources.plain_target(self.view, decoded=data.images)
            photos = sources.plain_photos(self.view, decoded=data.sources)
            return build(self.configuration, images, self.device, self.view.notice, sources=photos)

    def listeners(self, catalog: Catalog) -> Listeners:
        """The plugins that listen and the listeners that were chosen, on the main process only."""
        plugins = catalog.plugins if self.team.processes.is_main else ()
        return Listeners(plugins, self.view.notice, self.chosen_listeners)


def _chosen_listeners(configuration: Configuration) -> dict[str, object]:
    """The listeners that the settings name, with their options. Raises PluginError for one that can't be built."""
    names = split_names(configuration.settings.listeners)
    return {name: _listener(configuration.parts[name]) for name in names}


def _listener(part: ResolvedPart) -> object:
    try:
        return load_target(part.spec.target)(part.options)
    except GanzooError:
        raise
    except Exception as error:  # a plugin's code may raise anything
        raise PluginError(f"listener '{part.name}' can't be built: {one_line(error)}") from error


def _device(configuration: Configuration, team: Team) -> torch.device:
    """Where this process computes. Raises UsageError when the batch can't be shared evenly."""
    try:
        team.processes.local_slice(configuration.options.batch)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return choose_device(own_device(configuration.settings.device))


@contextmanager
def _claimed(team: Team, configuration: Configuration, out: Path | None, *, overwrite: bool) -> Iterator[Path]:
    """The run folder, which the main process claims for all."""
    if not team.processes.is_main:
        yield Path(team.broadcast("folder"))
        return
    with claimed_folder(configuration.model.spec.name, out, overwrite=overwrite) as folder:
        team.broadcast("folder", str(folder.resolve()))
        yield folder


def _check_scores(configuration: Configuration) -> None:
    settings = configuration.settings
    if settings.stop_when_flat and settings.score_every is None:
        raise UsageError("stop_when_flat needs scores, and none are taken: give --score-every 1min or the like")
