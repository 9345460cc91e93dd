"""`ganzoo new`: writes the package of a plugin."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import say
from ganzoo.cli.paths import PATH

if TYPE_CHECKING:
    from ganzoo.scaffold import Plan


@click.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["model", "loss", "augmentation", "dataset", "metric"]),
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
    from ganzoo.scaffold import plan, write

    wanted = plan(name, context.catalog(), kind=kind, task=task, out=out)  # type: ignore[arg-type]  # click has checked
    say(f"'{wanted.folder}':")
    for file in write(wanted):
        say(f"  {file}")
    say("next:")
    for command in (f"cd {wanted.folder}", "pip install --editable .", f"ganzoo check {name}", _try(wanted)):
        say(f"  {command}")


def _try(plan: "Plan") -> str:
    commands = {
        "model": f"ganzoo run {plan.name} --tiny",
        "loss": f"ganzoo run dcgan --tiny --set loss={plan.name}",
        "augmentation": f"ganzoo run dcgan --tiny --set augment={plan.name}",
        "dataset": f"ganzoo run dcgan --tiny --data {plan.name}",
        # Of the 64 images of a tiny run, a tenth is too few to score on.
        "metric": f"ganzoo run dcgan --tiny --score-every 10steps --set held_out=0.4 --set metrics={plan.name}",
    }
    return commands[plan.kind]
