"""Scores during training: takes them, records them in scores.jsonl, and marks the best checkpoint."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.batch import Batch
from ganzoo.engine import checkpoint
from ganzoo.engine.crashes import crash_point
from ganzoo.engine.trainer import Trainer
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from ganzoo.scoring import health

PATIENCE = 5
"""A run counts as flat after so many scores without an improvement."""


class TakesScores(Protocol):
    """A scorer of images. The engine itself knows no encoder and no metric."""

    def draw(self, draw: Callable[[Batch], Tensor]) -> NDArray[np.uint8]:
        """The images that a model draws from the fixed noise, uint8 N H W 3."""

    def score(self, fakes: NDArray[np.uint8], *, step: int, weights: str) -> Evaluation:
        """The scores of such images."""


class Scoreboard:
    """The scores of one run. `attempt` writes files that the run can do without when the disk is full."""

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        scorer: TakesScores,
        view: View,
        attempt: Callable[[Callable[[], None]], None],
    ) -> None:
        self.run = run
        self.trainer = trainer
        self.scorer = scorer
        self.view = view
        self._attempt = attempt
        self.evaluations = run.scores()
        # A run that was resumed from before its best score may still have the second best.
        self._mark()

    @property
    def best(self) -> Evaluation:
        """The best score so far. There must be one."""
        return _best(self.evaluations)

    @property
    def flat(self) -> bool:
        """Whether the last scores brought no improvement."""
        return health.flat(self.evaluations, PATIENCE)

    def take(self, guard: AbstractContextManager[None] | None = None) -> Evaluation | None:
        """Scores the current weights, whose checkpoint must be published, and warns of what looks wrong.

        `guard` may interrupt the computation. Then there is no score, and none if this step has one already.
        """
        step = self.trainer.rounds
        if self.evaluations and self.evaluations[-1].step == step:
            return None
        weights = "ema" if self.trainer.average is not None else "live"
        evaluation = None
        with guard or nullcontext():
            fakes = self.scorer.draw(self.trainer.draw)
            crash_point("during-score")
            evaluation = self.scorer.score(fakes, step=step, weights=weights)
        if evaluation is None:
            return None
        self.evaluations.append(evaluation)
        self._attempt(lambda: self.run.log_score(evaluation))
        crash_point("before-best")
        self._mark()
        crash_point("after-score")
        self.view.scored(self.run, evaluation, self.best)
        probabilities = self.run.records_probabilities
        for sentence in health.warnings(self.evaluations, self.run.scalar_lines(), probabilities=probabilities):
            self.view.notice(sentence)
        return evaluation

    def forget_after(self, step: int) -> None:
        """Drops the scores of later steps, which will be trained again."""
        self.evaluations = [evaluation for evaluation in self.evaluations if evaluation.step <= step]

    def _mark(self) -> None:
        """Points BEST to the best of the checkpoints that still exist."""
        there = set(checkpoint.steps_in(self.run.checkpoints))
        kept = [evaluation for evaluation in self.evaluations if evaluation.step in there]
        if kept:
            best = _best(kept).step
            self._attempt(lambda: checkpoint.mark_best(self.run.checkpoints, best))


def _best(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The evaluation with the lowest score, the first of several."""
    return min(evaluations, key=lambda evaluation: evaluation.score.value)
