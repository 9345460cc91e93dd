"""The training loop: rounds until the budget is used up, with logs, samples and checkpoints at their intervals."""

import math
import time
from collections.abc import Mapping

import torch

from ganzoo.batch import Batch, example_labels
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.device import peak_memory
from ganzoo.engine.scores import PATIENCE, Scoreboard, TakesScores
from ganzoo.engine.signals import StopRequest, stop_on_signals
from ganzoo.engine.timeline import Timeline
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DivergedError, StorageError, one_line
from ganzoo.images import grid, pair_columns
from ganzoo.listeners import Listeners
from ganzoo.runs import Run
from ganzoo.units import Amount, Progress
from ganzoo.view import View

SAMPLES = 64
DONE, INTERRUPTED, TERMINATED, FAILED = "done", "interrupted", "terminated", "failed"


class _Every:
    """Says when an interval has passed since it last said so."""

    def __init__(self, interval: Amount, progress: Progress) -> None:
        self._interval = interval
        self._passed = math.floor(interval.count(progress))

    def due(self, progress: Progress) -> bool:
        passed = math.floor(self._interval.count(progress))
        due, self._passed = passed > self._passed, passed
        return due


class Loop:
    """One run's training; `seconds` is the time already trained when it is resumed."""

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        listeners: Listeners,
        view: View,
        *,
        seconds: float = 0.0,
        scorer: TakesScores | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        self.run = run
        self.trainer = trainer
        self.listeners = listeners
        self.view = view
        self._settings = run.configuration.settings
        self._timeline = timeline or Timeline(run)
        self._earlier = seconds
        self._paused = 0.0
        self._scores = Scoreboard(run, trainer, scorer, view) if scorer else None
        self._started = time.perf_counter()
        # A run that is resumed has the checkpoint that it was resumed from.
        self._saved_step = trainer.rounds if trainer.rounds or seconds else -1
        self._images_at_start = trainer.images_seen

    def train(self) -> Run:
        """Runs to the end of the budget, or to a signal; the last state is saved either way."""
        self._started = time.perf_counter()
        self._paused = 0.0
        self.run.progress = self._progress()
        self.run.records_probabilities = self.trainer.gan.records_probabilities
        self.view.follow(self.run)
        self.listeners.call("ganzoo_run_started", run=self.run)
        try:
            with stop_on_signals() as request:
                self._prepare()
                self._rounds(request)
                self._save()
                self._sample()
                if request.signal is None:
                    self._score()
            self.run.outcome = DONE if request.signal is None else _outcome(request)
        except BaseException as error:
            self.run.outcome = INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
            self._finish({"error": one_line(error)})
            raise
        self._finish({})
        return self.run

    def _prepare(self) -> None:
        """Proves that samples and checkpoints can be written before any time is spent on training."""
        if self.trainer.rounds == 0:
            self._sample()
        self._save()

    def _rounds(self, request: StopRequest) -> None:
        settings = self._settings
        progress = self._progress()
        log = _Every(settings.log_every, progress)
        sample = _Every(settings.sample_every, progress)
        save = _Every(settings.checkpoint_every, progress)
        score = _Every(settings.score_every or settings.budget, progress)
        while settings.budget.count(progress) < 1 and request.signal is None and not self._flat():
            self.trainer.round(self._timeline.read(progress))
            progress = self.run.progress = self._progress()
            self.view.stepped(self.run)
            if log.due(progress):
                self._log()
            if sample.due(progress):
                self._sample()
            if save.due(progress):
                self._save()
            if score.due(progress):
                self._score()

    def _flat(self) -> bool:
        return self._settings.stop_when_flat and self._scores is not None and self._scores.flat

    def _score(self) -> None:
        """Scores what the checkpoint of this step draws; the clock of the training stands still meanwhile."""
        if self._scores is None:
            return
        started = time.perf_counter()
        self._save()
        self._scores.take()
        self._paused += time.perf_counter() - started

    def _progress(self) -> Progress:
        seconds = self._earlier + time.perf_counter() - self._started - self._paused
        return Progress(steps=self.trainer.rounds, images=self.trainer.images_seen, seconds=seconds)

    def _log(self) -> None:
        progress = self.run.progress
        values = self.trainer.scalars()
        check_finite(values, progress.steps)
        counters = {"step": progress.steps, "images": progress.images, "seconds": round(progress.seconds, 3)}
        self.run.log({**counters, "images_per_second": self._rate(progress), **values})
        self.view.logged(self.run, self.run.scalars)
        self.listeners.call("ganzoo_step_finished", run=self.run, step=progress.steps, scalars=self.run.scalars)

    def _rate(self, progress: Progress) -> float:
        """Images a second since the run was started or resumed."""
        seconds = progress.seconds - self._earlier
        return round((progress.images - self._images_at_start) / seconds, 2) if seconds > 0 else 0.0

    def _sample(self) -> None:
        """A grid from the same noise, or the same photos, at every step: the pictures can be watched growing."""
        size = self._settings.size
        source = self.trainer.held_out_sources(SAMPLES // 2)
        count = SAMPLES if source is None else len(source)
        blank = torch.zeros((), device=self.trainer.device).expand(count, 3, size.height, size.width)
        rng = torch.Generator().manual_seed(self._settings.seed)
        label = example_labels(count, self.trainer.images.attributes)
        if label is not None:
            label = label.to(self.trainer.device)
        images = self.trainer.draw(Batch(blank, rng, source=source, label=label, progress=1.0))
        columns = None
        if source is not None:  # each photo beside what became of it
            images = torch.stack([source, images], dim=1).flatten(0, 1)
            columns = pair_columns(images)
        path = self.run.samples / f"step-{self.trainer.rounds:06d}.png"
        try:
            grid(images, columns).save(path)
        except OSError as error:
            raise StorageError(f"can't write '{path}': {one_line(error)}") from None
        self.run.newest_sample = path

    def _save(self) -> None:
        """Publishes a checkpoint, unless this step has one or a value in it is not finite."""
        if self._saved_step == self.trainer.rounds:
            return
        check_finite(self.trainer.scalars(), self.trainer.rounds)
        taken = snapshot.take(self.trainer, self._progress().seconds)
        for name, tensor in taken.tensors["weights"].items():
            if not bool(torch.isfinite(tensor).all()):
                raise DivergedError(_diverged(f"weight '{name}' is not finite", self.trainer.rounds))
        checkpoint.save(self.run.checkpoints, self.trainer.rounds, taken, self._settings.keep)
        self._saved_step = self.trainer.rounds

    def _finish(self, more: Mapping[str, object]) -> None:
        progress = self.run.progress = self._progress()
        summary = {
            "outcome": self.run.outcome,
            "steps": progress.steps,
            "images": progress.images,
            "seconds": progress.seconds,
            "images_per_second": self._rate(progress),
            "peak_memory_mb": round(peak_memory(self.trainer.device) / 1e6, 1),
            "checkpoint": self._saved_step,
            **more,
        }
        if self._flat():
            summary["stopped"] = f"nothing better in the last {PATIENCE} scores"
        if self.run.outcome != FAILED:
            self.run.write_summary(summary)
        self.listeners.call("ganzoo_run_finished", run=self.run, summary=summary)
        self.view.finished(self.run, summary)


def check_finite(values: Mapping[str, float], step: int) -> None:
    """Raises DivergedError naming the first value that is NaN or infinite."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise DivergedError(_diverged(f"'{name}' is {value}", step))


def _diverged(what: str, step: int) -> str:
    return (
        f"training diverged: {what} at step {step}; the last checkpoint before it is kept."
        " Try a smaller --set lr=…, or another loss"
    )


def _outcome(request: StopRequest) -> str:
    return INTERRUPTED if request.signal is not None and request.signal.name == "SIGINT" else TERMINATED
