"""Trains a recorded run again, from its run.json, and compares the two."""

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
from ganzoo.engine.starting import Start
from ganzoo.engine.timeline import recorded_moments
from ganzoo.errors import DivergedError, StorageError, UsageError, one_line
from ganzoo.reproducing.verdict import Difference, Line, Reproduction, changes, compare_weights, first_unlike_line
from ganzoo.runs.folder import Run
from ganzoo.runs.logs import read_summary
from ganzoo.runs.ranks import started_with_others
from ganzoo.runs.run_file import check_has_record, read_run_file
from ganzoo.runs.view import View
from ganzoo.trained.starting import recorded_start


def reproduce(
    folder: Path,
    catalog: Catalog,
    view: View,
    *,
    steps: int | None = None,
    out: Path | None = None,
    **changed: object,
) -> Reproduction:
    """Trains the run in `folder` again, all of it or its first `steps`, in `out` or in a temporary folder.

    `changed` are settings to use instead of the recorded ones (data, style, start_from, device, threads); None keeps a
    recorded one. Raises UsageError when the folder is not a run's, has nothing to compare or fewer steps, or when `out`
    is not free, or when the run started from weights that have changed since, DataError when the images are not those
    of that run, StorageError when its records are damaged.
    """
    if started_with_others():
        raise UsageError("one process reproduces a run: start it without torchrun")
    content = read_run_file(folder)
    check_has_record(content)
    given = {key: value for key, value in changed.items() if value is not None}
    recorded = recorded_configuration(content, catalog, [Layer(origin="reproduce", values=given)])
    original = _Original(folder, content, Run(folder=folder, configuration=recorded))
    wanted = original.steps(steps)
    layer = Layer(origin="reproduce", values={**original.settings(wanted), **given})
    configuration = recorded_configuration(content, catalog, [layer])
    configuration, begin = recorded_start(folder, content, configuration, catalog)
    with tempfile.TemporaryDirectory(prefix="ganzoo-") as temporary:
        place = out or Path(temporary, "run")
        outcome, note = _train(configuration, catalog, view, place, folder, begin)
        result = Reproduction(run=str(folder), outcome=outcome, steps=wanted, notes=original.notes())
        if outcome != DONE:
            return result
        return _compared(replace(result, notes=(*result.notes, *note)), original, place)


def _train(
    configuration: Configuration, catalog: Catalog, view: View, place: Path, like: Path, begin: Start | None
) -> tuple[str, tuple[str, ...]]:
    """How the training ended. One that diverges has ended too, though not as the original did."""
    try:
        return start(configuration, catalog, view, out=place, overwrite=False, like=like, begin=begin).outcome, ()
    except DivergedError as error:
        return DONE, (one_line(error),)


def _compared(result: Reproduction, original: "_Original", place: Path) -> Reproduction:
    lines = original.lines_until(result.steps)
    again = Run(folder=place, configuration=original.run.configuration)
    difference = first_unlike_line(lines, again.scalar_lines())
    tensors, unlike, why_not = _weights(original.folder, place, result.steps)
    needed = bool(why_not) and original.has_weights_of(result.steps)
    return replace(
        result,
        lines=len(lines),
        tensors=tensors,
        difference=difference or unlike,
        changes=changes(original.content, read_run_file(place)),
        notes=(*result.notes, *((f"weights are not compared: {why_not}",) if why_not and not needed else ())),
        uncompared=why_not if needed else "",
    )


def _weights(then: Path, now: Path, step: int) -> tuple[int, Difference | None, str]:
    """The number of tensors compared, the first difference, and why none were compared."""
    try:
        return *compare_weights(then, now, step), ""
    except StorageError as error:
        return 0, None, one_line(error)


class _Original:
    """What the folder of a run records."""

    def __init__(self, folder: Path, content: Mapping[str, Any], run: Run) -> None:
        self.folder = folder
        self.content = content
        self.run = run
        self._lines: Sequence[Line] = run.scalar_lines()
        self._checkpoints = checkpoint.steps_in(run.checkpoints)
        self._moments = recorded_moments(folder)
        self._last = 0

    def steps(self, wanted: int | None) -> int:
        """The number of steps to train: all that are recorded, or those wanted. Raises UsageError where it can't be."""
        summary = read_summary(self.folder)
        last = [int(line["step"]) for line in self._lines[-1:]] + self._checkpoints[-1:]
        there = self._last = int(summary.get("steps") or max(last, default=0))
        steps = there if wanted is None else wanted
        if not 0 < steps <= there:
            raise UsageError(f"'{self.folder}' has {there} steps, so {steps} of them can't be reproduced")
        if not self.lines_until(steps) and steps not in self._checkpoints:
            first = min([int(line["step"]) for line in self._lines] + [s for s in self._checkpoints if s], default=0)
            raise UsageError(
                f"nothing is recorded of the first {steps} steps of '{self.folder}', so there is nothing to compare."
                f" The first recorded step is {first}"
            )
        return steps

    def has_weights_of(self, step: int) -> bool:
        """Whether the run should have weights of that step: of its last one, and of each that has a checkpoint."""
        return step == self._last or step in self._checkpoints

    def lines_until(self, step: int) -> list[Line]:
        """The logged lines of the first steps."""
        return [line for line in self._lines if line["step"] <= step]

    def settings(self, steps: int) -> dict[str, object]:
        """Settings for so many steps, on the original's device and with its number of threads and logged steps.

        Samples and scores have no influence on the training, so they are left out.
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
        """What can't be the same as in the original."""
        found = []
        if not self._moments:
            found.append(
                "the run has no timeline.jsonl, so it is unknown how much of its time was used up at each step: what"
                " follows the budget, such as a falling learning rate, follows the steps instead"
            )
        if "hardware" not in self.content:
            found.append("the run did not record its processor and its number of threads, which may differ now")
        if (count := self.content.get("hardware", {}).get("processes", "1")) != "1":
            found.append(
                f"trained by {count} processes, each of which computed gradients and batch statistics of its own images"
            )
        if self.content["device"] != "cpu":
            found.append(f"computed on {self.content['device']}, where the order of additions may differ each time")
        return tuple(found)
