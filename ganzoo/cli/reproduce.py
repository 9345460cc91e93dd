"""`ganzoo reproduce`: trains a run again and says whether every bit is the same, and what has changed."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context, answer_option
from ganzoo.cli.console import Format, complain, rows_as, say, table
from ganzoo.cli.flags import run_argument, source_option
from ganzoo.cli.live import StderrView
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.cli.run import EXIT_CODES
from ganzoo.errors import StorageError

if TYPE_CHECKING:
    from ganzoo.reproducing.verdict import Reproduction
    from ganzoo.runs.folder import Run

_TOLD_EVERY = 10.0
"""Seconds between two lines of progress."""


class _Again(StderrView):
    """Progress on the error stream. A run's own notices would name a folder that is deleted afterwards."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def logged(self, run: "Run", scalars: Mapping[str, float]) -> None:
        """A line every ten seconds."""
        if time.monotonic() - self._last > _TOLD_EVERY:
            self._last = time.monotonic()
            complain(f"step {run.progress.steps} of {run.configuration.settings.budget.value:.0f}")


@click.command("reproduce")
@run_argument()
@click.option("--steps", type=click.IntRange(1), help="Make the first so many steps; all of them by default.")
@source_option("--data", metavar="SRC", help="Where the same images are now.")
@source_option("--style", metavar="SRC", help="Where the same paintings are now.")
@click.option("--from", "start_from", type=PathOrName(), help="Where the weights are now that RUN started from.")
@click.option("--device", help="auto, cpu, mps, cuda or cuda:1; that of the run by default.")
@click.option("--threads", type=click.IntRange(0, 1024), help="CPU threads; those of the run by default.")
@click.option("--out", type=PATH, help="Keep the new run in this folder.")
@answer_option
@click.pass_obj
def reproduce(
    context: Context, /, run: str, steps: int | None, out: Path | None, form: Format, **changed: str | int | None
) -> int:
    """Trains a run again and compares every bit.

    RUN is its folder. The exit code is 1 if the new run differs, 6 if weights of RUN are missing or damaged.
    """
    from ganzoo.reproducing.reproduction import reproduce as again

    found = context.trained(run)
    result = again(found.whole("reproducing"), context.catalog(), _Again(), steps=steps, out=out, **changed)
    if result.outcome != "done":
        complain("ganzoo: stopped before there was anything to compare")
        return EXIT_CODES[result.outcome]
    if form is Format.TABLE:
        _print(result)
    else:
        rows_as(form, [result.to_dict()], ())
    if result.uncompared and result.difference is None:
        complain(f"ganzoo: the weights could not be compared: {result.uncompared}")
        return StorageError.exit_code
    return 0 if result.identical else 1


def _print(result: "Reproduction") -> None:
    parts = {f"{result.lines} lines of scalars.jsonl": result.lines, f"{result.tensors} tensors": result.tensors}
    compared = " and ".join(text for text, count in parts.items() if count)
    if result.uncompared and result.difference is None:
        say(f"no difference in {compared or 'nothing'}, but the weights of step {result.steps} were not compared")
    elif result.difference is None:
        say(f"identical: {result.steps} steps, {compared}, bit by bit")
    else:
        first = result.difference
        say(f"differs: {first.where} at step {first.step} was {first.then} and is {first.now} ({compared} compared)")
    for note in result.notes:
        say(f"  {note}")
    if result.changes:
        table([asdict(change) for change in result.changes], ("what", "then", "now"), folding=("now",))
    elif result.difference is not None:
        say("  no version and no fact of the machine that is recorded differs")
