"""Scores of finished runs: `ganzoo evaluate` and the rows of a comparison."""

from collections.abc import Mapping
from pathlib import Path

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, Layer, metric_parts
from ganzoo.config.resolve import recorded_configuration
from ganzoo.data.inputs import DataSources
from ganzoo.engine import checkpoint
from ganzoo.inference.loaded import LoadedGAN
from ganzoo.inference.loading import load_run
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import recorded_scores
from ganzoo.runs.run_file import read_run_file
from ganzoo.runs.view import View
from ganzoo.scoring.build import build_scorer
from ganzoo.scoring.scorer import Scorer
from ganzoo.scoring.translation import TranslationScorer


class Evaluator:
    """Scores checkpoints of one or several runs. Runs on the same data share a scorer.

    `changes` are settings to score with instead of those of the training: data, encoder, score_images. `meanings` has a
    phrase, by name, for each value beside the score that the metrics used so far compute.
    """

    def __init__(self, catalog: Catalog, view: View, *, device: str = "auto", **changes: object) -> None:
        self.catalog = catalog
        self.view = view
        self.device = device
        self.changes: Mapping[str, object] = {key: value for key, value in changes.items() if value is not None}
        self.meanings: dict[str, str] = {}
        self._scorers: dict[str, Scorer | TranslationScorer] = {}

    def evaluate(self, folder: Path, which: str = "LATEST") -> Evaluation:
        """The scores of the checkpoint `which` ("LATEST", "BEST" or a step) of a run.

        Raises UsageError when the folder is not a run's or the weights of the encoder are missing, DataError when no
        images are held out, StorageError when there is no such checkpoint.
        """
        content = read_run_file(folder)
        changes = Layer(origin="evaluate", values=self.changes)
        configuration = recorded_configuration(content, self.catalog, [changes])
        gan, problems = load_run(folder, which=which, device=self.device, catalog=self.catalog)
        for problem in problems:
            self.view.notice(problem)
        scorer = self._scorer(configuration, gan)
        self._remark(content["data"]["fingerprint"], gan, scorer)
        weights = "ema" if configuration.options.ema_kimg else "live"
        return scorer.score(scorer.draw(gan.gan, gan.shape.attributes), step=gan.step, weights=weights)

    def recorded_or_new(self, folder: Path, which: str) -> Evaluation | None:
        """The score that the run itself took of that checkpoint, or a new one. None for BEST where none is marked."""
        checkpoints = folder / "checkpoints"
        if which == checkpoint.BEST and checkpoint.best_step(checkpoints) is None:
            return None
        if not self.changes:
            step = (
                checkpoint.best_step(checkpoints)
                if which == checkpoint.BEST
                else max(checkpoint.steps_in(checkpoints), default=None)
            )
            for evaluation in recorded_scores(folder):
                if evaluation.step == step:
                    return evaluation
        return self.evaluate(folder, which)

    def _remark(self, trained_on: str, gan: LoadedGAN, scorer: Scorer | TranslationScorer) -> None:
        if not {"data", "style"} & self.changes.keys() and scorer.protocol.data != trained_on:
            self.view.notice(
                "the images have changed since the run was trained: it may have trained on some that are held out now"
            )
        if gan.shape.attributes and gan.shape.attributes != scorer.attributes:
            self.view.notice("the model's labels are not those of these images, so it draws all of its own in turn")

    def _scorer(self, configuration: Configuration, gan: LoadedGAN) -> Scorer | TranslationScorer:
        values = configuration.values()
        asked = ("data", "style", "encoder", "size", "held_out", "score_images", "metrics")
        key = repr(sorted((k, v) for k, v in values.items() if k.partition(".")[0] in asked))
        if key not in self._scorers:
            metrics = metric_parts(configuration, self.catalog)
            sources = DataSources(configuration)
            photos = sources.plain_photos(self.view)
            images = sources.plain_target(self.view)
            scorer = build_scorer(configuration, images, gan.device, self.view.notice, sources=photos, metrics=metrics)
            self.meanings |= scorer.meanings
            self._scorers[key] = scorer
        return self._scorers[key]
