"""`ganzoo compare`: trains and scores models alike, and ranks those whose scores can be compared."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.cli.console import Format, complain, rows_as, say, table
from ganzoo.cli.flags import ModelCommand, source_option
from ganzoo.cli.live import StderrView
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.errors import UsageError

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog
    from ganzoo.comparing.comparison import Comparison
    from ganzoo.comparing.plan import Jobs
    from ganzoo.comparing.rows import Row, Standing
    from ganzoo.runs.evaluation import Interval
    from ganzoo.runs.protocol import Protocol

INTERRUPTED = 130
_DIGITS = 12
"""Of a fingerprint that is shown."""
RANKING = ("#", "rank", "name", "best", "last", "seeds", "tied with")
COST = ("name", "best at", "images", "img/s", "time", "params", "memory", "licence")


class _Jobs(click.IntRange):
    """A number, or the word ray."""

    name = "number or ray"

    def __init__(self) -> None:
        super().__init__(1, 256)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "ray" else super().convert(value, param, ctx)


@click.command("compare", cls=ModelCommand)
@click.argument("names", nargs=-1, type=PathOrName(), required=True, metavar="NAME|RUN…")
@source_option("--data", help="A folder of images, or a data set by name.")
@source_option("--style", help="Of translators: a folder of paintings, or a data set by name.")
@click.option("--size", help="Pixels: 64, or height x width as 96x160.")
@click.option("--budget", default="10min", show_default=True, help="The same for all: 10min, 2000steps or 200kimg.")
@click.option("--seeds", type=click.IntRange(1, 100), default=1, show_default=True, help="Runs of each, seeds 0, 1, …")
@click.option("--encoder", help="Encoder of the scores.")
@click.option("--score-images", type=click.IntRange(50, 50_000), help="Images drawn for a score.")
@click.option("--quick", is_flag=True, help="Score translators on thumbnails, as while training.")
@click.option("--device", help="auto, cpu, mps, cuda or cuda:1.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="An option for every run.")
@click.option("--tiny", is_flag=True, help="Settings that train in seconds, to try things out.")
@click.option("--jobs", type=_Jobs(), default=1, show_default=True, help="Runs at a time, or ray: tasks on a cluster.")
@click.option("--threads", type=click.IntRange(0, 1024), default=0, help="CPU threads of a run; 0 shares them out.")
@click.option("--record", is_flag=True, help="Append the results to registry.yaml (or --registry FILE).")
@click.option("--out", type=PATH, help="Folder; comparisons/NUMBER by default.")
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
    quick: bool,
    jobs: "Jobs",
    threads: int,
    record: bool,
    out: Path | None,
    form: Format,
    **options: Any,
) -> int:
    """Trains models alike and ranks them.

    NAME is a model or preset, RUN the folder of a finished run. The same command with --out resumes where it was
    stopped.
    """
    from ganzoo.cli.live import LineView
    from ganzoo.comparing.comparison import run_comparison
    from ganzoo.comparing.plan import settings_of
    from ganzoo.config.configuration import namesake_notices
    from ganzoo.config.renamed import rename_notices
    from ganzoo.config.values import parse_assignments

    own = parse_assignments(assignments)
    given = {key: value for key, value in options.items() if value is not None}
    catalog = context.catalog()
    for text in (*rename_notices(own), *namesake_notices({**own, **given}, catalog)):
        complain(text)
    settings = settings_of(
        names,
        budget=budget,
        seeds=seeds,
        options={**own, **given},
        jobs=jobs,
        threads=threads,
        tiny=tiny,
        quick=quick,
    )
    view = StderrView() if form is not Format.TABLE else LineView()
    command = shlex.join(["ganzoo", *sys.argv[1:]])
    try:
        done = run_comparison(settings, catalog, view, out=out, jobs=jobs, flags=context.flags(), command=command)
    except KeyboardInterrupt:
        complain("ganzoo: stopped; the same command with the same --out resumes")
        return INTERRUPTED
    _print(done, form)
    if record:
        _record(done, context.registry or Path("registry.yaml"), catalog)
    if done.why_not:
        complain(f"ganzoo: not ranked, because these scores can't be compared: {done.why_not}")
        return UsageError.exit_code
    return 0 if all(row.status == "done" for row in done.rows) else 1


def _print(done: "Comparison", form: Format) -> None:
    """What is common to all rows once, then the ranking, what it cost, and what failed: each fits 80 columns."""
    if form is not Format.TABLE:
        rows_as(form, done.to_rows(), ())
        return
    runs = {one.name: [row for row in done.rows if row.name == one.name and row.last] for one in done.standings}
    numbers = {one.name: number for number, one in enumerate(done.standings, 1)}
    if done.standings:
        for line in _terms(done, runs):
            say(line)
        ranking = [{**_ranking(one, numbers, _scale(runs)), **_kept(runs[one.name])} for one in done.standings]
        kept = [name for name in dict.fromkeys(key for one in ranking for key in one) if name not in RANKING]
        table(ranking, (*RANKING[:4], *kept, *RANKING[4:]), folding=("name",))
        cost = [_cost(name, rows) for name, rows in runs.items()]
        begun = [key for key in ("from",) if any(one[key] for one in cost)]
        table(cost, (COST[0], *begun, *COST[1:]), folding=("name", "from"))
    bad = [{"name": f"{row.name}, seed {row.seed}", "status": row.status, "reason": row.reason} for row in done.rows]
    if failed := [row for row in bad if row["status"] != "done"]:
        table(failed, ("name", "status", "reason"), folding=("reason",))
    say(f"pictures and curves: {done.folder / 'report.html'}")


def _terms(done: "Comparison", runs: "Mapping[str, list[Row]]") -> "Iterator[str]":
    from ganzoo.comparing.rows import joint

    protocol = next(row.last for rows in runs.values() for row in rows if row.last).protocol
    yield from (_painted_terms if protocol.painted else _drawn_terms)(protocol, done.standings[0])
    budgets = joint(row.budget for rows in runs.values() for row in rows)
    yield f"  budget {budgets}, encoder {protocol.encoder[:_DIGITS]}"


def _drawn_terms(protocol: "Protocol", standing: "Standing") -> "Iterator[str]":
    floor, ceiling = (_number(value, protocol.scale) for value in (standing.floor.value, standing.ceiling))
    yield f"{protocol.metric} x1000, lower is better, with the 95 % interval over all seeds"
    if protocol.sources:
        yield f"  quick score: thumbnails of {protocol.size} px, {protocol.n_fake} held-out photos translated,"
        yield f"  against {protocol.n_real} paintings; half of the paintings scores {floor}, photos {ceiling}"
        yield "  content: likeness of features with the photo, 1 keeps all; look at both"
        return
    yield f"  {protocol.n_fake} drawn images against {protocol.n_real} real ones that were held out, {protocol.size} px"
    yield f"  other real images score {floor}, noise {ceiling}"


def _painted_terms(protocol: "Protocol", standing: "Standing") -> "Iterator[str]":
    floor, high = (_number(value, protocol.scale) for value in (standing.floor.value, standing.floor.high))
    yield f"{protocol.metric}: % of the photos' distance from the paintings that is left, lower"
    yield "  is better, with the 95 % interval over all seeds; photos as they are have 100"
    yield f"  painted score: {protocol.n_fake} held-out photos, painted at {protocol.painted_at} px, against"
    yield f"  {protocol.n_real} paintings, whole at {protocol.size} px and in crops, {protocol.crops}"
    yield f"  other paintings have {floor} left, by chance up to {high}"
    yield "  content, contours: likeness with the photo, 1 keeps all; look at both sides"


def _scale(runs: "Mapping[str, list[Row]]") -> int:
    return next(row.last.protocol.scale for rows in runs.values() for row in rows if row.last)


def _kept(rows: "list[Row]") -> dict[str, object]:
    """Of translators, what further encoders see, and what the best scores left of the photos; means over the seeds."""
    best = [row.best for row in rows if row.best]
    columns: dict[str, list[float]] = {}
    for one in best:
        for further in one.beside:
            columns.setdefault(further.protocol.encoder_name, []).append(further.score.value)
    found: dict[str, object] = {name: f"{sum(values) / len(values):.0f}" for name, values in columns.items()}
    names = ("content", "contours") if any(one.protocol.painted for one in best) else ("content",)
    for name in names:
        if values := [one.others[name] for one in best if name in one.others]:
            found[name] = f"{sum(values) / len(values):.2f}"
    return found


def _ranking(one: "Standing", numbers: Mapping[str, int], scale: int) -> dict[str, object]:
    return {
        "#": numbers[one.name],
        "rank": one.rank or "none",
        "name": one.name,
        "best": _interval(one.best, scale),
        "last": _interval(one.last, scale),
        "seeds": one.seeds,
        "tied with": ", ".join(f"#{number}" for number in sorted(numbers[name] for name in one.ties)),
    }


def _cost(name: str, rows: "list[Row]") -> dict[str, object]:
    memory = [row.peak_memory_mb for row in rows if row.peak_memory_mb is not None]
    return {
        "name": name,
        "from": ", ".join(dict.fromkeys(row.start for row in rows if row.start)),
        "best at": ", ".join(str(row.best.step) for row in rows if row.best),
        "images": _mean((row.images for row in rows), "{:.1f}k", 1000),
        "img/s": _mean((row.images_per_second for row in rows), "{:.0f}"),
        "time": _mean((row.seconds for row in rows), "{:.0f} s"),
        "params": f"{sum(rows[0].parameters.values()) / 1e6:.2f}M",
        "memory": f"{max(memory):.0f} MB" if memory else "",
        "licence": rows[0].license,
    }


def _mean(values: Iterable[float | None], text: str, unit: int = 1) -> str:
    """The mean over the seeds of which it is known, as `text` shows it; empty where it is known of none."""
    known = [value for value in values if value is not None]
    return text.format(sum(known) / len(known) / unit) if known else ""


def _interval(interval: "Interval", scale: int) -> str:
    low, high = _number(interval.low, scale), _number(interval.high, scale)
    return f"{_number(interval.value, scale)} ({low}–{high})"  # noqa: RUF001  # a range


def _number(value: float, scale: int) -> str:
    """As shown; tenths only where they may matter."""
    return f"{scale * value:.1f}" if scale > 1 and abs(value) < 0.1 else f"{round(scale * value)}"


def _record(done: "Comparison", file: Path, catalog: "Catalog") -> None:
    from ganzoo.comparing.record import record

    count = record(file, done.rows, done.settings, catalog)
    complain(f"{count} results appended to {file}")
