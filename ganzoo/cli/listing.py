"""`ganzoo list`: what is registered, fast, as it is the first thing that people type."""

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.cli.console import Format, rows_as
from ganzoo.cli.rows import listing

COLUMNS = ("name", "kind", "task", "status", "plugin", "score", "summary")


@click.command("list")
@click.option("--task", type=click.Choice(["generate", "translate"]), help="Only models of this task.")
@format_option
@click.pass_obj
def list_models(context: Context, task: str | None, form: Format) -> None:
    """Lists models and presets; a plugin that can't be used is a row with its reason."""
    rows = listing(third_party=context.third_party, registry=context.registry)
    shown = [row for row in rows if task in (None, row["task"])]
    if form is Format.NAMES:
        shown = [row for row in shown if row["kind"] != "plugin"]
    rows_as(form, shown, COLUMNS)
