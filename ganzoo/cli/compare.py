"""`ganzoo compare`: trains models alike, scores them alike, and ranks them where that can be done honestly."""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.errors import UsageError
from ganzoo.report import Format, complain, rows_as, say, table
from ganzoo.view import View

if TYPE_CHECKING:
    from ganzoo.compare.comparison import Comparison
    from ganzoo.compare.rows import Row, Standing
    from ganzoo.scoring.evaluation import Interval

INTERRUPTED = 130
COLUMNS = (
    *("rank", "name", "best", "at", "last", "real", "img/s", "time", "images", "params", "memory", "licence", "seeds"),
    "ties",
)


@click.command("compare")
@click.argument("names", nargs=-1, required=True, metavar="NAME|RUN…")
@click.option("--data", help="A folder of images, or a data set by name.")
@click.option("--size", help="Pixels: 64, or height x width as 96x160.")
@click.option("--budget", default="10min", show_default=True, help="The same for all: 10min, 2000steps or 200kimg.")
@click.option("--seeds", type=click.IntRange(1, 100), default=1, show_default=True, help="Runs of each, seeds 0, 1, …")
@click.option("--encoder", help="Encoder of the scores.")
@click.option("--score-images", type=click.IntRange(50, 50_000), help="Images drawn for a score.")
@click.option("--device", help="auto, cpu, mps, cuda or cuda:1.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="An option for every run.")
@click.option("--tiny", is_flag=True, help="Settings that train in seconds, to try things out.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Runs at a time.")
@click.option("--threads", type=click.IntRange(0, 1024), default=0, help="CPU threads of a run; 0 shares them out.")
@click.option("--record", is_flag=True, help="Append the results to registry.yaml (or --registry FILE).")
@click.option("--out", type=click.Path(path_type=Path), help="Folder; comparisons/NUMBER by default.")
@format_option
@click.pass_obj
def compare(
    context: Context,
    /,
    names: tuple[str, ...],
    budget: str,
    seeds: int,
    assignments: tuple[str, ...],
    tiny: bool,
    jobs: int,
    threads: int,
    record: bool,
    out: Path | None,
    form: Format,
    **options: Any,
) -> int:
    """Compares models, presets and finished runs. The same command with --out goes on where it was stopped."""
    from ganzoo.compare.comparison import run_comparison, shared_options
    from ganzoo.compare.plan import Settings
    from ganzoo.configuration import parse_assignments
    from ganzoo.live import LineView

    own = parse_assignments(assignments)
    if clash := sorted({"budget", "score_every", "seed"} & own.keys()):
        raise UsageError(f"--set {clash[0]}: a comparison sets it for all runs alike; see --budget and --seeds")
    settings = Settings(
        names=names,
        seeds=seeds,
        options=shared_options(budget, {**own, **{key: value for key, value in options.items() if value is not None}}),
        threads=threads or _share_of_cores(jobs),
        tiny=tiny,
    )
    view = _Aside() if form is not Format.TABLE else LineView()
    command = shlex.join(["ganzoo", *sys.argv[1:]])
    try:
        done = run_comparison(
            settings, context.catalog(), view, out=out, jobs=jobs, flags=context.flags(), command=command
        )
    except KeyboardInterrupt:
        complain("ganzoo: stopped; the same command with the same --out goes on")
        return INTERRUPTED
    _print(done, form)
    if record:
        _record(done, context.registry or Path("registry.yaml"))
    if done.why_not:
        complain(f"ganzoo: not ranked, as unlike scores can't be compared: {done.why_not}")
        return UsageError.exit_code
    return 0 if all(row.status == "done" for row in done.rows) else 1


def _print(done: "Comparison", form: Format) -> None:
    if form is not Format.TABLE:
        rows_as(form, done.to_rows(), ())
        return
    by_name = {one.name: [row for row in done.rows if row.name == one.name and row.last] for one in done.standings}
    rows = [_cells(one, by_name[one.name]) for one in done.standings]
    metric = next((row.last.protocol.metric for row in done.rows if row.last), "score")
    if rows:
        table(rows, COLUMNS, title=f"{metric} x1000, lower is better; 95 % interval over all seeds")
    bad = [{"name": f"{row.name}, seed {row.seed}", "status": row.status, "reason": row.reason} for row in done.rows]
    if failed := [row for row in bad if row["status"] != "done"]:
        table(failed, ("name", "status", "reason"))
    if done.standings:
        ceiling = 1000 * done.standings[0].ceiling
        say(f"real: other real images, which no model beats for a reason; noise scores {ceiling:.0f}")
    say(f"pictures and curves: {done.folder / 'report.html'}")


def _cells(one: "Standing", rows: "list[Row]") -> dict[str, object]:
    first = rows[0]
    steps = ", ".join(str(row.best.step) for row in rows if row.best)
    return {
        "rank": one.rank or "",
        "name": one.name,
        "best": _interval(one.best),
        "at": steps,
        "last": _interval(one.last),
        "real": f"{1000 * one.floor.value:.1f}",
        "img/s": f"{sum(row.images_per_second for row in rows) / len(rows):.0f}",
        "time": f"{sum(row.seconds for row in rows) / len(rows):.0f} s",
        "images": f"{sum(row.images for row in rows) / len(rows) / 1000:.1f}k",
        "params": f"{sum(first.parameters.values()) / 1e6:.2f}M",
        "memory": f"{max(row.peak_memory_mb for row in rows):.0f} MB",
        "licence": first.license,
        "seeds": one.seeds,
        "ties": ", ".join(one.ties),
    }


def _interval(interval: "Interval") -> str:
    return f"{1000 * interval.value:.1f} ({1000 * interval.low:.1f}–{1000 * interval.high:.1f})"  # noqa: RUF001  # a range


def _record(done: "Comparison", file: Path) -> None:
    from ganzoo.compare.record import record

    count = record(file, done.rows, done.settings)
    complain(f"{count} results appended to {file}")


def _share_of_cores(jobs: int) -> int:
    return max(1, (os.cpu_count() or 1) // jobs)


class _Aside(View):
    """Notices on the error stream, so that the output is nothing but rows."""

    def notice(self, text: str) -> None:
        """The sentence."""
        complain(text)
