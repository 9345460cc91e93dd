"""The training loop: rounds until the budget is used up, with logs, samples, scores and checkpoints at intervals."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress

import torch

from ganzoo.catalog.listeners import Listeners
from ganzoo.config.units import Amount, Progress
from ganzoo.engine.device import peak_memory
from ganzoo.engine.distributed import Team
from ganzoo.engine.outputs import Outputs, not_finite
from ganzoo.engine.processes import Processes
from ganzoo.engine.recovery import DivergenceRecovery
from ganzoo.engine.scores import PATIENCE, Scoreboard, TakesScores
from ganzoo.engine.signals import StopRequest, stop_on_signals
from ganzoo.engine.timeline import Clock, Moment, Timeline
from ganzoo.engine.trainer import Trainer, diverged
from ganzoo.errors import DivergedError, GanzooError, StorageError, one_line
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View

DONE, INTERRUPTED, TERMINATED, FAILED = "done", "interrupted", "terminated", "failed"


class _Every:
    """Counts the multiples of an interval that training passes, from the start of the run."""

    def __init__(self, interval: Amount, progress: Progress) -> None:
        self._interval = interval
        self._passed = math.floor(interval.count(progress))

    def due(self, progress: Progress) -> bool:
        """Whether training passed another multiple since the last call, or since this object was made."""
        passed = math.floor(self._interval.count(progress))
        due, self._passed = passed > self._passed, passed
        return due


class Loop:
    """Trains one run.

    `seconds` is the training time before the run was resumed. `moments` are the recorded timeline of a run that is
    reproduced: the model then receives its values of `Batch.progress`. All processes run the loop in step. The main
    process keeps the clock, and it alone writes, prints and scores.
    """

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        listeners: Listeners,
        view: View,
        *,
        seconds: float = 0.0,
        scorer: TakesScores | None = None,
        team: Team | None = None,
        moments: Sequence[Moment] = (),
    ) -> None:
        self.run = run
        self.trainer = trainer
        self.listeners = listeners
        self.view = view
        self._team = team or Team(Processes(), None)
        self._settings = run.configuration.settings
        self._clock = Clock(seconds)
        self._seconds = seconds
        self._flat = False
        self._told_sample = run.newest_sample
        # A resumed run has a checkpoint of its current step; -1 means that there is none yet.
        saved = trainer.rounds if trainer.rounds or seconds else -1
        self._outputs = Outputs(run, trainer, view, saved)
        self._scores = Scoreboard(run, trainer, scorer, view, self._outputs.attempt) if scorer else None
        self._timeline = Timeline(run, moments, self._outputs.moment)
        self._recovery = DivergenceRecovery(run, trainer, self._outputs, view)
        self._images_at_start = trainer.images_seen

    def train(self) -> Run:
        """Trains until the budget is used up or a signal arrives. The last state is saved either way."""
        self._clock.start()
        self.run.progress = self._progress()
        self.run.records_probabilities = self.trainer.gan.records_probabilities
        self.view.follow(self.run)
        self.listeners.call("ganzoo_run_started", run=self.run)
        try:
            with stop_on_signals(alone=self._team.processes.world_size == 1) as request:
                self._outputs.prove(self._clock.seconds)
                self._tell_of_samples()
                while not self._train_to_end(request):
                    pass  # rolled back: train again from the restored checkpoint
            self.run.outcome = DONE if request.signal is None else _outcome(request)
        except BaseException as error:
            self.run.outcome = INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
            self._finish({"error": one_line(error)})
            if _out_of_memory(error):
                raise GanzooError(self._memory_advice(error)) from error
            raise
        self._finish({})
        return self.run

    def _train_to_end(self, request: StopRequest) -> bool:
        """Trains until the budget is used up or a signal arrives, then saves, samples and scores.

        Returns False after a rollback to an earlier checkpoint. The caller then calls it again.
        """
        try:
            self._rounds(request)
            # Of this moment and not of the clock: an interval that ends in between would never be due again.
            self._outputs.save(self.run.progress.seconds, last=True)
            self._sample()
            # The others may not know of a signal yet, and all processes must score or none.
            self._sync_progress(request)
            if request.signal is None:
                self._score(request)
        except DivergedError as error:
            self._recovery.roll_back(error)
            self._timeline.forget()
            if self._scores is not None:
                self._scores.forget_after(self.trainer.rounds)
            return False
        return True

    def _rounds(self, request: StopRequest) -> None:
        """Trains rounds until the budget is used up, a signal arrives or the scores are flat."""
        settings = self._settings
        begun = self.run.progress = self._progress()
        log = _Every(settings.log_every, begun)
        sample = _Every(settings.sample_every, begun)
        save = _Every(settings.checkpoint_every, begun)
        # Without `score_every`, `_score` returns at once: the budget only stands in for an interval.
        score = _Every(settings.score_every or settings.budget, begun)
        progress = self._sync_progress(request)
        if self.trainer.score_due and request.signal is None:
            self._score(request)  # the run was killed or stopped before it was taken
        self._flat = self._is_flat()
        while settings.budget.count(progress) < 1 and request.signal is None and not self._flat:
            used = self._timeline.read(progress, self.trainer.rollbacks)
            # A reproduced run repeats the recorded rollbacks too, since each one halves the learning rates.
            self.trainer.rollbacks = self._timeline.rollbacks
            self._round(used)
            progress = self.run.progress = self._sync_progress(request)
            self.view.stepped(self.run)
            self.trainer.score_due = score.due(progress)
            if log.due(progress):
                self._log()
            if sample.due(progress):
                self._sample()
            if save.due(progress):
                self._outputs.save(progress.seconds)
            if self.trainer.score_due:
                self._score(request)

    def _round(self, used: float) -> None:
        """Trains one round. When its images can't be read any more, the rounds before it are saved."""
        try:
            self.trainer.round(used)
        except StorageError:
            # The other processes would not know of this checkpoint.
            if self._team.processes.world_size == 1 and not self.trainer.within_round:
                with suppress(GanzooError):
                    self._outputs.save(self._clock.seconds, last=True)
            raise

    def _sync_progress(self, request: StopRequest) -> Progress:
        """Agrees with all processes on the training time, from the main process, and on a signal; returns the progress.

        Without it one process could stop while the others wait for it in the next step.
        """
        own = self._clock.seconds if self._team.processes.is_main else 0.0
        signal, self._seconds = self._team.processes.all_reduce_max([float(request.received or 0), own])
        request.agree_on(int(signal))
        return self._progress()

    def _is_flat(self) -> bool:
        """Whether the run stops early because scores no longer improve. The main process knows; all get its answer."""
        flat = self._settings.stop_when_flat and self._scores is not None and self._scores.flat
        return self._team.processes.any(flat)

    def _sample(self) -> None:
        self._outputs.sample()
        self._tell_of_samples()

    def _tell_of_samples(self) -> None:
        """Calls the listeners if there is a new grid, which a full disk may have prevented."""
        file = self.run.newest_sample
        if file is not None and file != self._told_sample:
            self._told_sample = file
            self.listeners.call("ganzoo_samples_drawn", run=self.run, step=self.trainer.rounds, file=file)

    def _score(self, request: StopRequest) -> None:
        """Publishes a checkpoint of this step and scores it, with the training clock paused. Needs `score_every`."""
        if self._settings.score_every is None:
            return
        with self._clock.paused():
            saved = self._outputs.save(self.run.progress.seconds)
            if saved and self._scores is not None and request.received is None:
                self._take_score(self._scores, request)
            self._team.broadcast(f"scored {self.trainer.rounds}")  # the others wait here for the main process
        self._sync_progress(request)  # a signal may have interrupted it
        self._flat = self._is_flat()

    def _take_score(self, scores: Scoreboard, request: StopRequest) -> None:
        taken = scores.take(request.interruptible())
        if taken is not None:
            values = {taken.protocol.metric: taken.score.value, **taken.others}
            self.listeners.call("ganzoo_score_taken", run=self.run, step=taken.step, scores=values)

    def _progress(self) -> Progress:
        return Progress(steps=self.trainer.rounds, images=self.trainer.images_seen, seconds=self._seconds)

    def _log(self) -> None:
        progress = self.run.progress
        values = self.trainer.scalars()
        problem = not_finite(values)
        if self._team.processes.any(bool(problem)):
            raise DivergedError(diverged(self._team.processes.first_message(problem), progress.steps))
        values = self._team.processes.average_scalars(values)
        if not self._team.processes.is_main:
            return
        counters = {"step": progress.steps, "images": progress.images, "seconds": round(progress.seconds, 3)}
        speed = {"images_per_second": self._images_per_second(progress)}
        self._outputs.log({**counters, **speed, **values, **self.trainer.learning_rates()})
        self.view.logged(self.run, self.run.scalars)
        self.listeners.call("ganzoo_step_finished", run=self.run, step=progress.steps, scalars=self.run.scalars)

    def _images_per_second(self, progress: Progress) -> float:
        """Images per second since the run was started or resumed."""
        seconds = progress.seconds - self._clock.earlier
        return round((progress.images - self._images_at_start) / seconds, 2) if seconds > 0 else 0.0

    def _finish(self, more: Mapping[str, object]) -> None:
        self._seconds = self._clock.seconds
        progress = self.run.progress = self._progress()
        summary = {
            "outcome": self.run.outcome,
            "steps": progress.steps,
            "images": progress.images,
            "seconds": progress.seconds,
            "images_per_second": self._images_per_second(progress),
            "peak_memory_mb": round(peak_memory(self.trainer.device) / 1e6, 1),
            "checkpoint": self._outputs.saved,
            "rollbacks": self.trainer.rollbacks,
            **more,
        }
        if self._flat:
            summary["stopped"] = f"nothing better in the last {PATIENCE} scores"
        if self.run.outcome != FAILED and self._team.processes.is_main:
            self.run.write_summary(summary)
        self.listeners.call("ganzoo_run_finished", run=self.run, summary=summary)
        self.view.finished(self.run, summary)

    def _memory_advice(self, error: BaseException) -> str:
        batch = self.trainer.settings.batch
        smaller = f"a new run with --batch {batch // 2}, " if batch > 1 else ""
        return (
            f"out of memory in step {self.trainer.rounds + 1}, with a batch of {batch} at {self._settings.size} pixels"
            f" on {self.trainer.device}: {smaller}a smaller --size or --precision bf16 takes less. The checkpoint of"
            f" step {self._outputs.saved} is kept and can be resumed where there is more memory ({one_line(error)})"
        )


def _out_of_memory(error: BaseException) -> bool:
    """Whether the machine or a GPU ran out of memory. On a CPU torch raises a RuntimeError that names its allocator."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def _outcome(request: StopRequest) -> str:
    return INTERRUPTED if request.signal is not None and request.signal.name == "SIGINT" else TERMINATED
