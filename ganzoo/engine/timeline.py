"""The part of the budget that is used up, as a model receives it, and its record, to reproduce a run."""

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ganzoo.config.units import Amount, Progress
from ganzoo.errors import StorageError, one_line
from ganzoo.model import GAN
from ganzoo.runs.folder import Run
from ganzoo.runs.logs import recorded_timeline
from ganzoo.runs.paths import TIMELINE, file_name
from ganzoo.runs.run_file import read_run_file

TICKS = 1000
"""A budget of time passes in so many ticks: few enough to record each, enough for a smooth schedule."""


class Clock:
    """Counts the seconds since `start` and those before the run was resumed, `earlier`."""

    def __init__(self, earlier: float = 0.0) -> None:
        self.earlier = earlier
        self._started = time.perf_counter()
        self._paused = 0.0

    def start(self) -> None:
        """Starts to count."""
        self._started, self._paused = time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        """All seconds so far."""
        return self.earlier + time.perf_counter() - self._started - self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stops the clock while the block runs."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._paused += time.perf_counter() - began


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What holds from `step` on: the budget, the part `used` of it if it is one of time, and the rollbacks."""

    step: int
    budget: Amount
    used: float | None = None
    rollbacks: int = 0

    def used_at(self, progress: Progress) -> float:
        """The part of the budget that is used up at that progress, as the model receives it."""
        return self.budget.count(progress) if self.used is None else self.used

    def to_dict(self) -> dict[str, object]:
        """A line of timeline.jsonl."""
        used = {} if self.used is None else {"used": self.used}
        rollbacks = {"rollbacks": self.rollbacks} if self.rollbacks else {}
        return {"step": self.step, "budget": str(self.budget), **used, **rollbacks}


class Timeline:
    """Gives a model the part of its budget that is used up, and records it.

    Steps and images can be counted again, but seconds can't: a schedule that followed the clock would differ each time.
    With the `recorded` moments of another run, the model receives the same values as there. `write` takes the lines;
    by default the run writes them.
    """

    def __init__(
        self, run: Run, recorded: Sequence[Moment] = (), write: Callable[[Mapping[str, object]], None] | None = None
    ) -> None:
        self._run = run
        self._recorded = recorded
        self._write = write or run.log_moment
        self._now: Moment | None = None

    @property
    def rollbacks(self) -> int:
        """How often the run had been rolled back at the last reading."""
        return self._now.rollbacks if self._now else 0

    def read(self, progress: Progress, rollbacks: int = 0) -> float:
        """The part of the budget that is used up."""
        now = self._moment(progress, rollbacks)
        if self._now is None or replace(now, step=self._now.step) != self._now:
            self._now = now
            self._write(now.to_dict())
        return self._now.used_at(progress)

    def forget(self) -> None:
        """The run was rolled back, so the lines of later steps are gone."""
        self._now = None

    def _moment(self, progress: Progress, rollbacks: int) -> Moment:
        if past := bisect_right(self._recorded, progress.steps, key=lambda moment: moment.step):
            return self._recorded[past - 1]
        budget = self._run.configuration.settings.budget
        used = math.floor(TICKS * budget.count(progress)) / TICKS if budget.timed else None
        return Moment(step=progress.steps, budget=budget, used=used, rollbacks=rollbacks)


def recorded_moments(folder: Path) -> list[Moment]:
    """The recorded moments of the run in `folder`, oldest first.

    A run without timeline.jsonl has a known moment if its budget was not one of time, and none otherwise. Raises
    StorageError when the file is damaged.
    """
    lines = recorded_timeline(folder)
    try:
        if lines:
            return [_moment_of(line) for line in lines]
        budget = Amount.parse(read_run_file(folder)["configuration"]["budget"]["value"])
        return [] if budget.timed else [Moment(step=0, budget=budget)]
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"'{file_name(folder / TIMELINE)}' is damaged: {one_line(error)}") from None


def rate_change(folder: Path, gan: GAN, budget: Amount, progress: Progress) -> str:
    """Says how the learning rates jump where a resumed run has another budget than it had; empty where they don't."""
    try:
        last = recorded_moments(folder)[-1:]
    except StorageError:  # training needs no record of the past
        return ""
    if not last or last[0].budget == budget:
        return ""
    then, now = (gan.rate(min(used, 1.0)) for used in (last[0].used_at(progress), budget.count(progress)))
    if then == now:
        return ""
    direction = "rise" if now > then else "fall"
    return (
        f"the learning rates {direction} from {100 * then:.3g} % to {100 * now:.3g} % of those at the start: they"
        f" follow the budget, which was {last[0].budget} and is {budget} now"
    )


def _moment_of(line: Mapping[str, Any]) -> Moment:
    budget = Amount.parse(line["budget"])
    rollbacks = line.get("rollbacks", line.get("setbacks", 0))  # older runs wrote setbacks
    return Moment(step=line["step"], budget=budget, used=line.get("used"), rollbacks=rollbacks)
