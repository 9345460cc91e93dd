"""Scores of finished runs: `ganzoo evaluate` and the rows of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, Layer, metric_parts
from ganzoo.config.recorded import recorded_model
from ganzoo.config.resolve import recorded_configuration
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import DataSources
from ganzoo.engine import checkpoint
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.inference.loaded import LoadedGAN, LoadedTranslator
from ganzoo.inference.loading import load_run
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import log_painted, recorded_painted, recorded_scores
from ganzoo.runs.paths import BEST, LATEST
from ganzoo.runs.run_file import check_has_data, read_run_file, whole_view
from ganzoo.runs.view import View
from ganzoo.scoring.build import build_encoder, build_painted_scorer, build_scorer
from ganzoo.scoring.painted import MOST_PHOTOS, PaintedScorer
from ganzoo.scoring.scorer import Scorer
from ganzoo.scoring.translation import TranslationScorer
from ganzoo.stylize.stylizer import StylizeOptions
from ganzoo.translator import Translator

FURTHER = ("lite0", "vgg19")
"""Encoders of the painted score: the one that the configuration names ranks, the others stand beside it."""
_STYLES = 64
"""Paintings at most whose mean style is that of a model that knows none."""
_NO_LOOK = ("tile", "memory")
"""Options of painting that change no picture."""


class Evaluator:
    """Scores checkpoints of one or several runs. Runs on the same data share a scorer.

    Translators get the painted score, of photos painted with the `options`, or with `quick` that of thumbnails, as
    while training. `changes` are settings to
    score with instead of those of the training: data, encoder, score_images. `further` are the encoders that look at
    painted photos beside that one, if their weights are installed. `meanings` has a phrase, by name, for each value
    beside the score that was computed so far.
    """

    def __init__(
        self,
        catalog: Catalog,
        view: View,
        changes: Mapping[str, object] | None = None,
        *,
        device: str = "auto",
        quick: bool = False,
        further: Sequence[str] = FURTHER,
        options: StylizeOptions | None = None,
    ) -> None:
        self.catalog = catalog
        self.view = view
        self.device = device
        self.quick = quick
        self.further = further
        self.options = options or StylizeOptions()
        self.changes: Mapping[str, object] = changes or {}
        self.meanings: dict[str, str] = {}
        self._scorers: dict[str, Scorer | TranslationScorer] = {}
        self._painted: dict[str, PaintedScorer] = {}

    def evaluate(self, folder: Path, which: str = "LATEST") -> Evaluation:
        """The scores of the checkpoint `which` ("LATEST", "BEST" or a step) of a run.

        Raises UsageError when the folder is not a run's or the weights of the encoder are missing, DataError when no
        images are held out, StorageError when there is no such checkpoint.
        """
        content = read_run_file(folder)
        both = ("data", "style") if self._translates(content) else ("data",)
        check_has_data(content, *(name in self.changes for name in both))
        gan, problems = load_run(folder, which=which, device=self.device, catalog=self.catalog)
        for problem in problems:
            self.view.notice(problem)
        evaluation = self._by_painting(content, gan) if self._paints(gan) else self._by_drawing(content, gan)
        self._log(folder, evaluation)
        return evaluation

    def _paints(self, gan: LoadedGAN) -> bool:
        """Whether it gets the painted score."""
        if self.quick or not isinstance(gan, LoadedTranslator):
            return False
        if not isinstance(gan.gan, Translator):
            self.view.notice("the quick score: only a ganzoo.translator.Translator paints pictures of any size")
            return False
        return True

    def _by_drawing(self, content: Mapping[str, Any], gan: LoadedGAN) -> Evaluation:
        configuration = self._configuration(content)
        scorer = self._scorer(configuration, gan)
        self._remark(content["data"]["fingerprint"], scorer.protocol.data)
        if gan.shape.attributes and gan.shape.attributes != scorer.attributes:
            self.view.notice("the model's labels are not those of these images, so it draws all of its own in turn")
        return scorer.score(scorer.draw(gan.gan, gan.shape.attributes), step=gan.step, weights=_weights(configuration))

    def _by_painting(self, content: Mapping[str, Any], gan: LoadedGAN) -> Evaluation:
        assert isinstance(gan, LoadedTranslator)
        configuration = self._configuration(content)
        scorer = self._painted_scorer(content, gan)
        self._remark(content["data"]["fingerprint"], scorer.protocol.data)
        if gan.needs_style:
            gan.mean_style = self._mean_style(configuration, gan)
        stylizer = gan.stylizer()
        return scorer.score(
            lambda pixels: stylizer.stylize(pixels, self.options), step=gan.step, weights=_weights(configuration)
        )

    @torch.no_grad()
    def _mean_style(self, configuration: Configuration, gan: LoadedTranslator) -> Tensor:
        """The mean style of the paintings to compare with, as a model has that was trained on them."""
        assert isinstance(gan.gan, Translator)
        paintings = DataSources(configuration).plain_target(self.view)
        pixels, _ = paintings.take(np.arange(min(len(paintings), _STYLES)))
        images = from_uint8(pixels.to(gan.device))
        codes = [gan.gan.style_of(part) for part in torch.split(images, 8)]
        return torch.cat(codes).mean(0)

    def _log(self, folder: Path, evaluation: Evaluation) -> None:
        """Keeps a painted score on the run's own data in its folder, where the report finds it.

        One of other options of painting is not kept, since the report and comparisons take the newest of a checkpoint.
        """
        if evaluation.protocol.painted and not self.changes and self.options == StylizeOptions():
            try:
                log_painted(folder, evaluation)
            except StorageError as error:
                self.view.notice(f"the score is not kept in the run's folder: {one_line(error)}")

    def _configuration(self, content: Mapping[str, Any], **changes: object) -> Configuration:
        layer = Layer(origin="evaluate", values={**self.changes, **changes})
        return recorded_configuration(content, self.catalog, [layer])

    def recorded_or_new(self, folder: Path, which: str, *, painted: bool = True) -> Evaluation | None:
        """The score that was taken of that checkpoint before, or a new one. None for BEST where none is marked.

        A painted score counts as taken before only with `painted`: between two calls, painting may have changed.
        """
        checkpoints = folder / "checkpoints"
        marked = checkpoint.best_step(checkpoints)
        if which == BEST and marked is None:
            return None
        if not self.changes:
            step = marked if which == BEST else _step(which, checkpoints)
            for evaluation in reversed(self._recorded(folder, painted=painted)):
                if evaluation.step == step:
                    return evaluation
        return self.evaluate(folder, which)

    def _recorded(self, folder: Path, *, painted: bool) -> list[Evaluation]:
        content = read_run_file(folder)
        if self.quick or not self._translates(content):
            return recorded_scores(folder)
        return recorded_painted(folder) if painted else []

    def _translates(self, content: Mapping[str, Any]) -> bool:
        return recorded_model(content, self.catalog).spec.task == "translate"

    def _remark(self, trained_on: str, scored_on: str) -> None:
        if not {"data", "style"} & self.changes.keys() and scored_on != trained_on:
            self.view.notice(
                "the images have changed since the run was trained: it may have trained on some that are held out now"
            )

    def _scorer(self, configuration: Configuration, gan: LoadedGAN) -> Scorer | TranslationScorer:
        key = _key(configuration)
        if key not in self._scorers:
            metrics = metric_parts(configuration, self.catalog)
            sources = DataSources(configuration)
            photos = sources.plain_photos(self.view)
            images = sources.plain_target(self.view)
            scorer = build_scorer(configuration, images, gan.device, self.view.notice, sources=photos, metrics=metrics)
            self.meanings |= scorer.meanings
            self._scorers[key] = scorer
        return self._scorers[key]

    def _painted_scorer(self, content: Mapping[str, Any], gan: LoadedGAN) -> PaintedScorer:
        configuration, view = self._configuration(content), whole_view(content)
        sources = DataSources(configuration)
        held_out = self._held_out(content, configuration, sources)
        painting = ", ".join(f"{name} {value}" for name, value in asdict(self.options).items() if name not in _NO_LOOK)
        key = repr((_key(configuration), view, held_out, painting))
        if key not in self._painted:
            scorer = build_painted_scorer(
                [configuration, *self._further(content, configuration)],
                sources,
                view=view,
                painting=painting,
                held_out=held_out,
                most=self._most(configuration),
                device=gan.device,
                shown=self.view,
                metrics=metric_parts(configuration, self.catalog),
            )
            self.meanings |= scorer.meanings
            self._painted[key] = scorer
        return self._painted[key]

    def _held_out(self, content: Mapping[str, Any], configuration: Configuration, sources: DataSources) -> float:
        """The share of the photos to score on: all of those that the training never saw."""
        photos = sources.plain_photos(self.view)
        assert photos is not None
        others = "data" in self.changes and photos.fingerprint != content["sources"]["fingerprint"]
        return 1.0 if others and "held_out" not in self.changes else configuration.settings.held_out

    def _most(self, configuration: Configuration) -> int:
        wanted = configuration.settings.score_images
        return wanted if "score_images" in self.changes else min(wanted, MOST_PHOTOS)

    def _further(self, content: Mapping[str, Any], configuration: Configuration) -> list[Configuration]:
        """The configurations with further encoders; the view hears of those whose weights aren't installed."""
        first = configuration.parts["encoder"].spec.name
        found = []
        for name in self.further:
            if name == first:
                continue
            try:
                one = self._configuration(content, encoder=name)
                build_encoder(one)
            except UsageError as error:
                self.view.notice(f"not scored by {name} as well: {one_line(error)}")
            else:
                found.append(one)
        return found


def _step(which: str, checkpoints: Path) -> int | None:
    """The step of a checkpoint that is LATEST or a number; None where there is none yet."""
    if which == LATEST:
        return max(checkpoint.steps_in(checkpoints), default=None)
    return int(which.removeprefix("step-"))


def _weights(configuration: Configuration) -> str:
    return "ema" if configuration.options.ema_kimg else "live"


def _key(configuration: Configuration) -> str:
    """What a scorer depends on."""
    asked = ("data", "style", "encoder", "size", "held_out", "score_images", "metrics")
    return repr(sorted((k, v) for k, v in configuration.values().items() if k.partition(".")[0] in asked))
