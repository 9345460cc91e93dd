"""`ganzoo compare`: trains and scores models alike, and ranks those whose scores can be compared."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.cli.compared import print_comparison
from ganzoo.cli.console import Format, complain
from ganzoo.cli.flags import ModelCommand, source_option
from ganzoo.cli.live import StderrView
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.errors import UsageError

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog
    from ganzoo.comparing.comparison import Comparison
    from ganzoo.comparing.plan import Jobs

INTERRUPTED = 130


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
    print_comparison(done, form)
    if record:
        _record(done, context.registry or Path("registry.yaml"), catalog)
    if done.why_not:
        complain(f"ganzoo: not ranked, because these scores can't be compared: {done.why_not}")
        return UsageError.exit_code
    return 0 if all(row.status == "done" for row in done.rows) else 1


def _record(done: "Comparison", file: Path, catalog: "Catalog") -> None:
    from ganzoo.comparing.record import record

    count = record(file, done.rows, done.settings, catalog)
    complain(f"{count} results appended to {file}")
