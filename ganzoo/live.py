"""The view of a run on a terminal: progress, rate, losses and where the pictures are; plain lines elsewhere."""

import time
from collections.abc import Mapping

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from ganzoo.report import console, plain, say
from ganzoo.runs import Run, file_name
from ganzoo.view import View

_LINE_EVERY = 10.0
"""Seconds between plain lines."""
_COUNTERS = ("step", "images", "seconds", "images_per_second")


def make_view() -> View:
    """The live view on a terminal, plain lines elsewhere."""
    return LiveView() if console.is_terminal and not console.is_dumb_terminal else LineView()


class LineView(View):
    """One line now and then, for logs and pipes."""

    def __init__(self) -> None:
        self._last = -_LINE_EVERY

    def reading(self, done: int, total: int, skipped: int) -> None:
        """A line every ten seconds and at the end."""
        if done == total or self._due():
            say(f"read {done} of {total} images" + (f", {skipped} skipped" if skipped else ""))

    def notice(self, text: str) -> None:
        """The sentence."""
        say(text)

    def follow(self, run: Run) -> None:
        """What is trained, and where to."""
        say(opening(run))

    def logged(self, run: Run, scalars: Mapping[str, float]) -> None:
        """Step, share of the budget, time left, rate and losses."""
        if self._due():
            values = "  ".join(f"{name} {value:.3f}" for name, value in scalars.items() if name not in _COUNTERS)
            say(f"step {run.progress.steps}  {status(run)}  {values}")

    def finished(self, run: Run, summary: Mapping[str, object]) -> None:
        """How it ended and where everything is."""
        say(closing(run))

    def _due(self) -> bool:
        now = time.monotonic()
        due = now - self._last >= _LINE_EVERY
        self._last = now if due else self._last
        return due


class LiveView(View):
    """A panel that is redrawn in place."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn(), expand=True
        )
        self._task = self._bar.add_task("reading images", total=1.0)
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._live.update(self._bar)

    def close(self) -> None:
        """Takes the panel away and shows the cursor again."""
        self._live.stop()

    def reading(self, done: int, total: int, skipped: int) -> None:
        """The bar over the images."""
        self._live.start()
        text = f"reading {total} images" + (f", {skipped} skipped" if skipped else "")
        self._bar.update(self._task, completed=done / total, description=text)

    def notice(self, text: str) -> None:
        """A line above the panel."""
        console.print(plain(text))

    def follow(self, run: Run) -> None:
        """What is trained, and the panel."""
        console.print(plain(opening(run)))
        self._bar.update(self._task, description=run.configuration.model.spec.name, completed=0.0)
        self._live.start()

    def stepped(self, run: Run) -> None:
        """Moves the bar; the panel is drawn by its own clock."""
        self._bar.update(self._task, completed=share(run))

    def logged(self, run: Run, scalars: Mapping[str, float]) -> None:
        """New values in the panel."""
        self._live.update(Group(self._bar, Text(status(run)), _values(scalars), _newest(run)))

    def finished(self, run: Run, summary: Mapping[str, object]) -> None:
        """Takes the panel away and says how it ended."""
        self.close()
        console.print(plain(closing(run)))


def share(run: Run) -> float:
    """The part of the budget that is used up, in [0, 1]."""
    return min(run.configuration.settings.budget.count(run.progress), 1.0)


def status(run: Run) -> str:
    """Share of the budget, time left and rate in one line."""
    used = share(run)
    left = run.progress.seconds * (1 - used) / used if used else 0.0
    rate = run.scalars.get("images_per_second", 0.0)
    return f"{used:.0%}  {duration(left)} left  {rate:.0f} images/s"


def opening(run: Run) -> str:
    """What is trained on what, for how long, and where to."""
    configuration = run.configuration
    settings = configuration.settings
    data = configuration.parts["data"]
    source = getattr(data.options, "path", data.spec.name)
    return (
        f"training {configuration.model.spec.name} on {source} at {settings.size} px, batch"
        f" {configuration.options.batch}, for {settings.budget}, into {file_name(run.folder)}"
    )


def closing(run: Run) -> str:
    """How the run ended and what to do with it."""
    progress = run.progress
    steps = f"{run.outcome} after {progress.steps} steps, {progress.images} images, {duration(progress.seconds)}"
    pictures = f"pictures: {file_name(run.newest_sample)}" if run.newest_sample else "no pictures yet"
    folder = file_name(run.folder)
    hint = f"draw more: ganzoo sample {folder}" if run.outcome == "done" else f"go on: ganzoo run --resume {folder}"
    return f"{steps}\n{pictures}\n{hint}"


def duration(seconds: float) -> str:
    """Seconds in words, such as "3 min 20 s"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _values(scalars: Mapping[str, float]) -> Table:
    table = Table.grid(padding=(0, 3))
    shown = [(name, value) for name, value in scalars.items() if name not in _COUNTERS]
    table.add_row(*(plain(name) for name, _ in shown), style="dim")
    table.add_row(*(f"{value:.3f}" for _, value in shown))
    return table


def _newest(run: Run) -> Text:
    return plain(f"newest pictures: {file_name(run.newest_sample)}" if run.newest_sample else "")
