"""The part of the budget that is used up, as a model is told it, and the record from which a run can be made again."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import StorageError, one_line
from ganzoo.runs import TIMELINE, Run, file_name, read_run_file, recorded_timeline
from ganzoo.units import Amount, Progress

TICKS = 1000
"""A budget of time passes in so many ticks: few enough to record each, too many for a schedule to feel."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What holds after `step` steps: the budget and, if that is one of time, the part of it that is used up."""

    step: int
    budget: Amount
    used: float | None = None

    def told(self, progress: Progress) -> float:
        """The part of the budget that is used up at that progress, as the model is told it."""
        return self.budget.count(progress) if self.used is None else self.used

    def to_dict(self) -> dict[str, object]:
        """A line of timeline.jsonl."""
        used = {} if self.used is None else {"used": self.used}
        return {"step": self.step, "budget": str(self.budget), **used}


class Timeline:
    """Tells a model how far its run is, and writes that down.

    Steps and images can be counted again, seconds can't: a schedule that followed them would be another one each time.
    With `recorded` moments of another run the model is told what it was told there.
    """

    def __init__(self, run: Run, recorded: Sequence[Moment] = ()) -> None:
        self._run = run
        self._recorded = recorded
        self._now: Moment | None = None

    def read(self, progress: Progress) -> float:
        """The part of the budget that is used up."""
        now = self._moment(progress)
        if self._now is None or (now.budget, now.used) != (self._now.budget, self._now.used):
            self._now = now
            self._run.log_moment(now.to_dict())
        return self._now.told(progress)

    def _moment(self, progress: Progress) -> Moment:
        if past := bisect_right(self._recorded, progress.steps, key=lambda moment: moment.step):
            return self._recorded[past - 1]
        budget = self._run.configuration.settings.budget
        used = math.floor(TICKS * budget.count(progress)) / TICKS if budget.timed else None
        return Moment(step=progress.steps, budget=budget, used=used)


def recorded_moments(folder: Path) -> list[Moment]:
    """What the run in `folder` was told, oldest first.

    Of one that wrote no timeline.jsonl that is known if its budget was none of time; else nothing is given. Raises
    StorageError when the file is damaged.
    """
    lines = recorded_timeline(folder)
    try:
        if lines:
            return [Moment(step=m["step"], budget=Amount.parse(m["budget"]), used=m.get("used")) for m in lines]
        budget = Amount.parse(read_run_file(folder)["configuration"]["budget"]["value"])
        return [] if budget.timed else [Moment(step=0, budget=budget)]
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"'{file_name(folder / TIMELINE)}' is damaged: {one_line(error)}") from None
