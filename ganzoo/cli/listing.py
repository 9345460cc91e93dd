"""`ganzoo list`: what is registered, fast, as it is the first thing that people type."""

from collections.abc import Iterable

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.cli.console import Format, rows_as, say, table
from ganzoo.cli.rows import Row, cached_rows

COLUMNS = {
    "published": ("name", "task", "model", "license", "summary"),
    "model": ("name", "task", "status", "distribution", "summary"),
    "preset": ("name", "model", "task", "status", "summary"),
    "plugin": ("name", "status", "distribution", "summary"),
    "unusable": ("name", "summary"),
}
TITLES = {
    "published": "published models, trained already",
    "model": "models",
    "preset": "presets",
    "plugin": "plugins that can't be used",
    "unusable": "published models that can't be used",
}


@click.command("list")
@click.option("--task", type=click.Choice(["generate", "translate"]), help="Only models of this task.")
@format_option
@click.pass_obj
def list_models(context: Context, task: str | None, form: Format) -> None:
    """Lists models and presets.

    Published models, which are trained already, come first.

    A plugin that can't be used is listed with the reason.
    """
    rows = cached_rows(third_party=context.third_party, registry=context.registry)
    shown = [row for row in rows if task in (None, row["task"])]
    if form is Format.NAMES:
        shown = [row for row in shown if row["kind"] not in ("plugin", "unusable")]
    if form is Format.TABLE:
        _print(shown)
    else:
        rows_as(form, shown, ())


def _print(rows: Iterable[Row]) -> None:
    """A table for each kind of row, whose score stands below its summary."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        summary = f"{row['summary']}\nscore {row['score']}" if row["score"] else row["summary"]
        kinds.setdefault(row["kind"], []).append(
            {**row, "summary": summary, "model": row["plugin"].removeprefix("of ")}
        )
    for kind, alike in kinds.items():
        table(alike, COLUMNS[kind], title=TITLES[kind], folding=("summary",))
    if any(row["score"] for alike in kinds.values() for row in alike):
        say("Scores are x1000, or per cent of the photos' distance left. Lower is better.")
        say("Compare only those with the same terms.")
