"""Reads the files of a run folder for its report. A run that still trains has fewer of them."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.errors import StorageError, one_line
from ganzoo.io import checked, untrusted
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import read_log, recorded_painted
from ganzoo.runs.paths import SCALARS, SCORES, SUMMARY, file_name
from ganzoo.runs.run_file import read_run_file

_LOSSES_ON_LOGITS = ("minimax", "non-saturating", "dragan")
"""The built-in ones, for run folders from before run.json had `records_probabilities`."""
COUNTERS = ("step", "images", "seconds", "images_per_second")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A score, with the number of images seen and the seconds trained by then."""

    evaluation: Evaluation
    images: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """The content of a run's files. `summary` is empty until the run ends; `painted` are painted scores by step.

    `left_out` has a sentence for each log that is too long to be read whole.
    """

    folder: Path
    content: Mapping[str, Any]
    scalars: Sequence[Mapping[str, float]]
    scores: Sequence[Scored]
    summary: Mapping[str, Any]
    painted: Sequence[Evaluation] = ()
    left_out: Sequence[str] = ()

    @property
    def evaluations(self) -> list[Evaluation]:
        """All scores, oldest first."""
        return [scored.evaluation for scored in self.scores]

    @property
    def records_probabilities(self) -> bool:
        """Whether D(real) and D(fake) are probabilities; where older run folders don't say it, the loss does."""
        recorded = self.content.get("records_probabilities")
        if isinstance(recorded, bool):
            return recorded
        return self.content["configuration"].get("loss", {}).get("value") in _LOSSES_ON_LOGITS

    @property
    def best(self) -> Scored | None:
        """The best score; None before the first one."""
        return min(self.scores, key=lambda scored: scored.evaluation.score.value, default=None)

    @property
    def last(self) -> Mapping[str, float]:
        """The newest counters: from the summary, or from the last logged line while there is no summary."""
        logged: Mapping[str, float] = self.scalars[-1] if self.scalars else {}
        return {**logged, **{key: self.summary[key] for key in ("images", "seconds") if key in self.summary}} | {
            "step": self.summary.get("steps", logged.get("step", 0))
        }

    def logged_until(self, step: int) -> Mapping[str, float]:
        """The last line that was logged at or before the step; empty when there is none."""
        number = bisect_right([line["step"] for line in self.scalars], step)
        return self.scalars[number - 1] if number else {}


def read_record(folder: Path) -> Record:
    """Reads a run folder. Raises UsageError when it holds no run, StorageError when run.json or a score is damaged."""
    content = read_run_file(folder)
    logged, taken = read_log(folder / SCALARS), read_log(folder / SCORES)
    try:
        scores = [_scored(line) for line in taken.lines]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"'{file_name(folder / SCORES)}' is damaged: {one_line(error)}") from None
    summary = read_json(folder / SUMMARY) if (folder / SUMMARY).is_file() else {}
    return Record(
        folder=folder,
        content=content,
        scalars=[_numbers(line) for line in logged.lines],
        scores=scores,
        summary=summary,
        painted=_newest(recorded_painted(folder)),
        left_out=[log.left_out for log in (logged, taken) if log.left_out],
    )


def _newest(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """The newest of each checkpoint and protocol, by step."""
    by_key = {(one.step, str(one.protocol)): one for one in evaluations}
    return sorted(by_key.values(), key=lambda one: one.step)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises StorageError when the file can't be read or holds anything else."""
    try:
        return untrusted.read_json(path)
    except (OSError, ValueError) as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def _numbers(line: Mapping[str, Any]) -> dict[str, float]:
    return {str(key): value for key, value in line.items() if isinstance(value, int | float) and math.isfinite(value)}


def _scored(line: Mapping[str, Any]) -> Scored:
    images, seconds = (checked.number(line[name], name) for name in ("images", "seconds"))
    return Scored(evaluation=Evaluation.from_dict(line), images=images, seconds=seconds)
