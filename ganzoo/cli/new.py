"""`ganzoo new`: writes the package of a plugin."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import say
from ganzoo.cli.paths import PATH
from ganzoo.scaffold import KINDS, plan, write


@click.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="model",
    show_default=True,
    help="What the plugin adds.",
)
@click.option(
    "--task",
    type=click.Choice(["generate", "translate"]),
    default="generate",
    show_default=True,
    help="Of a model: images from noise, or from photos.",
)
@click.option("--out", type=PATH, help="Folder; ganzoo-NAME by default.")
@click.pass_obj
def new(context: Context, name: str, kind: str, task: str, out: Path | None) -> None:
    """Writes the package of a new plugin.

    The plugin NAME installs, passes `ganzoo check` and trains as it is. Change it from there.
    """
    wanted = plan(name, context.catalog(), kind=kind, task=task, out=out)
    say(f"'{wanted.folder}':")
    for file in write(wanted):
        say(f"  {file}")
    say("next:")
    for command in (f"cd {wanted.folder}", "pip install --editable .", f"ganzoo check {name}", wanted.attempt):
        say(f"  {command}")
