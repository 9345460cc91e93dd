"""`ganzoo export`: a trained model as a file that runs without ganzoo and torch."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.flags import run_argument
from ganzoo.cli.paths import PATH, PathOrName


@click.command("export")
@run_argument()
@click.option("--format", "form", type=click.Choice(["onnx"]), default="onnx", show_default=True, help="Kind of file.")
@click.option("--step", help="The checkpoint: LATEST, BEST or a step; LATEST by default.")
@click.option("--style", type=PathOrName(any_bytes=True), help="Of adain and microast: a name or a painting.")
@click.option("--out", type=PATH, help="File to write; model.onnx in the run folder by default.")
@click.pass_obj
def export(context: Context, /, run: str, form: str, step: str | None, style: str | None, out: Path | None) -> None:
    """Writes a trained model as an ONNX file.

    The model is that of the run folder or published model RUN. Three sizes prove that the file gives what torch gives.
    """
    from ganzoo.runs.run_file import read_run_file

    found = context.trained(run, step)
    read_run_file(found.folder)  # a wrong folder is refused before torch is loaded
    from ganzoo.inference.export import export_onnx
    from ganzoo.inference.loading import load_run

    gan, problems = load_run(found.folder, which=found.which, device="cpu", catalog=context.catalog())
    for problem in problems:
        complain(problem)
    file = out or found.output(f"model.{form}")
    for size, difference in export_onnx(gan, file, style=style):
        say(f"{size}: largest difference to torch {difference:.1e}")
    say(f"{file}, {file.stat().st_size / 1e6:.1f} MB, step {gan.step}")
