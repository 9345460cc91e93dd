"""Shows a run while it trains: a live panel on a terminal, plain lines elsewhere."""

import time
from collections.abc import Mapping

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from ganzoo.cli.console import complain, console, harmless, plain, say
from ganzoo.cli.progress import LINE_EVERY, Counting, Reading
from ganzoo.config.units import duration
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.folder import Run
from ganzoo.runs.logs import LEARNING_RATE
from ganzoo.runs.paths import file_name
from ganzoo.runs.ranks import is_first
from ganzoo.runs.view import View
from ganzoo.scoring.health import TrainingMonitor

_COUNTERS = ("step", "images", "seconds", "images_per_second")


def make_view() -> View:
    """The live panel on a terminal, plain lines elsewhere. Of several processes, only the first prints anything."""
    if not is_first():
        return View()
    return LiveView() if console.is_terminal and not console.is_dumb_terminal else LineView()


class LineView(View):
    """Prints plain lines for logs and pipes. The progress takes at most one line every ten seconds."""

    def __init__(self) -> None:
        self._last = -LINE_EVERY
        self._reading = Reading()
        self._counting = Counting()
        self._monitor = TrainingMonitor()
        self._said = ""

    def reading(self, done: int, total: int | None, skipped: int) -> None:
        """Prints the progress of reading, every ten seconds and at the end."""
        if done == total or self._due():
            say(self._reading.status(done, total, skipped))

    def skipping(self, name: str, problem: str) -> None:
        """Prints the first few pictures that can't be used."""
        self._reading.name(name, problem)

    def progress(self, what: str, done: int, total: int) -> None:
        """Prints the progress, every ten seconds."""
        if line := self._counting.line(what, done, total):
            say(line)

    def notice(self, text: str) -> None:
        """Prints the sentence."""
        say(text)

    def follow(self, run: Run) -> None:
        """Prints what is trained, on which data, and where the run is saved."""
        say(opening(run))

    def logged(self, run: Run, scalars: Mapping[str, float]) -> None:
        """Step, share of the budget, time left, rate and losses; the state of the training when that has changed."""
        state = self._monitor.update(scalars, probabilities=run.records_probabilities)
        if self._due():
            if state is not None and state.kind != self._said:
                say(f"step {run.progress.steps}  {state.words}")
                self._said = state.kind
            values = "  ".join(f"{name} {value:.3f}" for name, value in _losses(scalars))
            say(f"step {run.progress.steps}  {status(run)}  {values}")

    def scored(self, run: Run, evaluation: Evaluation, best: Evaluation) -> None:
        """Prints the score with its interval, its floor and ceiling, and the best score so far."""
        say(score_line(evaluation, best))

    def finished(self, run: Run, summary: Mapping[str, object]) -> None:
        """Prints how the run ended and where its results are."""
        say(closing(run))

    def _due(self) -> bool:
        now = time.monotonic()
        due = now - self._last >= LINE_EVERY
        self._last = now if due else self._last
        return due


class LiveView(View):
    """Shows a panel that is redrawn in place."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(bar_width=None), TaskProgressColumn(), expand=True
        )
        self._task = self._bar.add_task("reading images", total=1.0)
        self._reading = Reading()
        self._counting = Counting()
        self._monitor = TrainingMonitor()
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._live.update(self._bar)

    def close(self) -> None:
        """Removes the panel and shows the cursor again."""
        self._live.stop()

    def reading(self, done: int, total: int | None, skipped: int) -> None:
        """Shows the progress of reading in the bar."""
        self._live.start()
        self._show(self._reading.status(done, total, skipped), done / total if total else 0.0)

    def skipping(self, name: str, problem: str) -> None:
        """Prints the first few pictures that can't be used, above the panel."""
        self._reading.name(name, problem)

    def progress(self, what: str, done: int, total: int) -> None:
        """Shows the progress in the bar."""
        self._live.start()
        self._show(self._counting.status(what, done, total), done / total)

    def notice(self, text: str) -> None:
        """Prints the sentence above the panel."""
        console.print(plain(text))

    def follow(self, run: Run) -> None:
        """Prints what is trained, and shows the panel."""
        console.print(plain(opening(run)))
        self._show(run.configuration.model.spec.name, 0.0)
        self._live.start()

    def stepped(self, run: Run) -> None:
        """Moves the bar. The panel is redrawn four times a second, not here."""
        self._bar.update(self._task, completed=share(run))

    def logged(self, run: Run, scalars: Mapping[str, float]) -> None:
        """Shows the new values in the panel."""
        state = self._monitor.update(scalars, probabilities=run.records_probabilities)
        words = plain(state.words if state else "")
        self._live.update(Group(self._bar, Text(status(run)), _values(scalars), words, _newest(run)))

    def scored(self, run: Run, evaluation: Evaluation, best: Evaluation) -> None:
        """Prints the score above the panel."""
        console.print(plain(score_line(evaluation, best)))

    def finished(self, run: Run, summary: Mapping[str, object]) -> None:
        """Removes the panel and prints how the run ended."""
        self.close()
        console.print(plain(closing(run)))

    def _show(self, text: str, share: float) -> None:
        """Puts the text before the bar, and moves it."""
        self._bar.update(self._task, description=harmless(text), completed=share)


class StderrView(View):
    """Prints notices to stderr, so that a command with `--format json` prints nothing but rows to stdout."""

    def __init__(self) -> None:
        self._counting = Counting()

    def progress(self, what: str, done: int, total: int) -> None:
        """Prints the progress, every ten seconds."""
        if line := self._counting.line(what, done, total):
            complain(line)

    def notice(self, text: str) -> None:
        """Prints the sentence."""
        complain(text)


def share(run: Run) -> float:
    """The share of the budget that is used up, in [0, 1]."""
    return min(run.configuration.settings.budget.count(run.progress), 1.0)


def status(run: Run) -> str:
    """The share of the budget, the time left and the images per second, in one line."""
    used = share(run)
    left = run.progress.seconds * (1 - used) / used if used else 0.0
    rate = run.scalars.get("images_per_second", 0.0)
    return f"{used:.0%}  {duration(left)} left  {rate:.0f} images/s"


def opening(run: Run) -> str:
    """What is trained, on which data, for how long, and where the run is saved."""
    configuration = run.configuration
    settings = configuration.settings
    data = configuration.parts["data"]
    source = getattr(data.options, "path", data.spec.name)
    return (
        f"training {configuration.model.spec.name} on {source} at {settings.size} px, batch"
        f" {configuration.options.batch}, for {settings.budget}, into {file_name(run.folder)}"
    )


def score_line(evaluation: Evaluation, best: Evaluation) -> str:
    """The score times 1000 with its interval, the floor, the ceiling, and the best score so far."""
    score, floor = evaluation.score, evaluation.floor
    at_best = "the best so far" if best is evaluation else f"best {1000 * best.score.value:.1f} at step {best.step}"
    real, worst = ("paintings", "photos") if evaluation.protocol.sources else ("real images", "noise")
    kept = f"content {evaluation.others['content']:.2f}; " if "content" in evaluation.others else ""
    called = "quick " if evaluation.protocol.sources else ""
    return (
        f"step {evaluation.step}  {called}{evaluation.protocol.metric} x1000 {1000 * score.value:.1f}"
        f" ({1000 * score.low:.1f} to {1000 * score.high:.1f}), {real} {1000 * floor.value:.1f},"
        f" {worst} {1000 * evaluation.ceiling:.0f}; {kept}{at_best}"
    )


def closing(run: Run) -> str:
    """How the run ended, where its pictures are, and the next command to run."""
    progress = run.progress
    steps = f"{run.outcome} after {progress.steps} steps, {progress.images} images, {duration(progress.seconds)}"
    pictures = f"pictures: {file_name(run.newest_sample)}" if run.newest_sample else "no pictures yet"
    folder = file_name(run.folder)
    if run.outcome != "done":
        hint = f"resume: ganzoo run --resume {folder}"
    elif run.configuration.model.spec.task == "translate":
        hint = f"paint photos: ganzoo stylize {folder} PHOTOS --out painted"
    else:
        hint = f"draw more: ganzoo sample {folder}"
    return f"{steps}\n{pictures}\n{hint}"


def _losses(scalars: Mapping[str, float]) -> list[tuple[str, float]]:
    """What the recipe computed, without counters and learning rates."""
    return [(k, v) for k, v in scalars.items() if k not in _COUNTERS and not k.startswith(LEARNING_RATE)]


def _values(scalars: Mapping[str, float]) -> Table:
    table = Table.grid(padding=(0, 3))
    shown = _losses(scalars)
    table.add_row(*(plain(name) for name, _ in shown), style="dim")
    table.add_row(*(f"{value:.3f}" for _, value in shown))
    return table


def _newest(run: Run) -> Text:
    return plain(f"newest pictures: {file_name(run.newest_sample)}" if run.newest_sample else "")
