"""`ganzoo publish`: one file of a trained model that others use by a name."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.flags import run_argument
from ganzoo.cli.paths import PATH


@click.command("publish")
@run_argument()
@click.option("--out", type=PATH, required=True, help="File to write, NAME.safetensors.")
@click.option("--step", help="The checkpoint: LATEST, BEST or a step; LATEST by default.")
@click.option("--summary", default="", help="One line about it.")
@click.option("--license", "licence", default="", help="SPDX id of the weights' licence; CC0-1.0 by default.")
@click.option("--trained-on", default="", help="The pictures, and where they are from; the data's names by default.")
@click.option("--command", default="", help="The command that trained it; from run.json by default.")
@click.option("--bad-at", default="", help="What it does badly.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
@click.pass_obj
def publish(
    context: Context,
    /,
    run: str,
    out: Path,
    step: str | None,
    summary: str,
    licence: str,
    trained_on: str,
    command: str,
    bad_at: str,
    overwrite: bool,
) -> None:
    """Writes a trained model as one file.

    The averaged weights of RUN and what is needed to load them. The command prints an entry for the section `weights`
    of registry.yaml, which gives the file a name.
    """
    import yaml

    found = context.trained(run, step)
    from ganzoo.publishing import publish as write

    done = write(
        found,
        out,
        context.catalog(),
        summary=summary,
        license=licence,
        trained_on=trained_on,
        command=command,
        bad_at=bad_at,
        overwrite=overwrite,
    )
    mean, most = done.difference
    complain(f"{out}: step {done.step}, {done.entry['size'] / 1e6:.2f} MB; the entry for registry.yaml:")
    entry = {out.stem: dict(done.entry)}
    for line in yaml.safe_dump(entry, sort_keys=False, width=110, allow_unicode=True).rstrip().split("\n"):
        say(f"  {line}")
    if done.rounded:
        complain(f"stored in float16: pictures differ by {mean:.3f} levels of 255 in the mean, {most:.0f} at most")
    else:
        complain("stored in float32, as float16 would change its pictures")
