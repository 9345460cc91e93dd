"""Trains a recorded run anew, from its run.json, and compares."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, Layer
from ganzoo.config.resolve import recorded_configuration
from ganzoo.engine import checkpoint
from ganzoo.engine.launch import start
from ganzoo.engine.loop import DONE
from ganzoo.engine.timeline import recorded_moments
from ganzoo.errors import DivergedError, StorageError, UsageError, one_line
from ganzoo.reproducing.verdict import Difference, Line, Reproduction, changes, compare_weights, first_unlike_line
from ganzoo.runs.folder import Run
from ganzoo.runs.logs import read_summary
from ganzoo.runs.ranks import started_with_others
from ganzoo.runs.run_file import read_run_file
from ganzoo.runs.view import View


def reproduce(
    folder: Path,
    catalog: Catalog,
    view: View,
    *,
    steps: int | None = None,
    out: Path | None = None,
    **changed: object,
) -> Reproduction:
    """Makes the run in `folder` again, all of it or its first `steps`, in `out` or a folder that goes afterwards.

    `changed` are settings to use instead of the recorded ones (data, style, device, threads), where given. Raises
    UsageError when the folder is no run's, has nothing to compare or fewer steps, and when `out` is not free, DataError
    when the images are not those of then, StorageError when its records are damaged.
    """
    if started_with_others():
        raise UsageError("a run is made again by one process: start it without torchrun")
    content = read_run_file(folder)
    given = {key: value for key, value in changed.items() if value is not None}
    recorded = recorded_configuration(content, catalog, [Layer(origin="reproduce", values=given)])
    original = _Original(folder, content, Run(folder=folder, configuration=recorded))
    wanted = original.steps(steps)
    layer = Layer(origin="reproduce", values={**original.settings(wanted), **given})
    configuration = recorded_configuration(content, catalog, [layer])
    with tempfile.TemporaryDirectory(prefix="ganzoo-") as temporary:
        place = out or Path(temporary, "run")
        outcome, note = _train(configuration, catalog, view, place, folder)
        result = Reproduction(run=str(folder), outcome=outcome, steps=wanted, notes=original.notes())
        if outcome != DONE:
            return result
        return _compared(replace(result, notes=(*result.notes, *note)), original, place)


def _train(
    configuration: Configuration, catalog: Catalog, view: View, place: Path, like: Path
) -> tuple[str, tuple[str, ...]]:
    """How it ended; to diverge is an end too, if another one than that of the original."""
    try:
        return start(configuration, catalog, view, out=place, overwrite=False, like=like).outcome, ()
    except DivergedError as error:
        return DONE, (one_line(error),)


def _compared(result: Reproduction, original: "_Original", place: Path) -> Reproduction:
    lines = original.lines_until(result.steps)
    again = Run(folder=place, configuration=original.run.configuration)
    difference = first_unlike_line(lines, again.scalar_lines())
    tensors, unlike, why_not = _weights(original.folder, place, result.steps)
    return replace(
        result,
        lines=len(lines),
        tensors=tensors,
        difference=difference or unlike,
        changes=changes(original.content, read_run_file(place)),
        notes=(*result.notes, *why_not),
    )


def _weights(then: Path, now: Path, step: int) -> tuple[int, Difference | None, tuple[str, ...]]:
    """Tensors compared, the first that differs, and why none were."""
    try:
        return *compare_weights(then, now, step), ()
    except StorageError as error:
        return 0, None, (f"weights are not compared: {error}",)


class _Original:
    """What a run's folder tells of it."""

    def __init__(self, folder: Path, content: Mapping[str, Any], run: Run) -> None:
        self.folder = folder
        self.content = content
        self.run = run
        self._lines: Sequence[Line] = run.scalar_lines()
        self._checkpoints = checkpoint.steps_in(run.checkpoints)
        self._moments = recorded_moments(folder)

    def steps(self, wanted: int | None) -> int:
        """How many steps to make: all that are recorded, or as many as wanted. Raises UsageError when it can't be."""
        summary = read_summary(self.folder)
        last = [int(line["step"]) for line in self._lines[-1:]] + self._checkpoints[-1:]
        there = int(summary.get("steps") or max(last, default=0))
        steps = there if wanted is None else wanted
        if not 0 < steps <= there:
            raise UsageError(f"'{self.folder}' has {there} steps, so {steps} of them can't be made again")
        if not self.lines_until(steps) and steps not in self._checkpoints:
            first = min([int(line["step"]) for line in self._lines] + [s for s in self._checkpoints if s], default=0)
            raise UsageError(
                f"nothing is recorded of the first {steps} steps of '{self.folder}', so there is nothing to compare."
                f" The first that is recorded is {first}"
            )
        return steps

    def lines_until(self, step: int) -> list[Line]:
        """The logged lines of the first steps."""
        return [line for line in self._lines if line["step"] <= step]

    def settings(self, steps: int) -> dict[str, object]:
        """So many steps on the device and in the number of threads of then, logged where the original was.

        Pictures and scores change nothing that is trained, so they are left out.
        """
        logged = math.gcd(*(int(line["step"]) for line in self.lines_until(steps))) or steps
        threads = int(self.content.get("hardware", {}).get("threads", self.run.configuration.settings.threads))
        return {
            "budget": f"{steps}steps",
            "log_every": f"{logged}steps",
            "sample_every": f"{2 * steps}steps",
            "checkpoint_every": f"{2 * steps}steps",
            "score_every": None,
            "stop_when_flat": False,
            "keep": 1,
            "device": self.content["device"],
            "threads": threads,
        }

    def notes(self) -> tuple[str, ...]:
        """What can't be made the same."""
        found = []
        if not self._moments:
            found.append(
                "the run has no timeline.jsonl, so it is not known when how much of its time was used up: what follows"
                " the budget, such as a falling rate, follows the steps instead"
            )
        if "hardware" not in self.content:
            found.append("the run did not record its processor and its number of threads, which may be others now")
        if (count := self.content.get("hardware", {}).get("processes", "1")) != "1":
            found.append(f"trained by {count} processes, which add up gradients and look at batch statistics by shares")
        if self.content["device"] != "cpu":
            found.append(f"computed on {self.content['device']}, where sums may be added in another order every time")
        return tuple(found)
