"""`ganzoo export`: a trained model as a file that runs without ganzoo and torch."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.paths import PATH


@click.command("export")
@click.argument("run", type=PATH)
@click.option("--format", "form", type=click.Choice(["onnx"]), default="onnx", show_default=True, help="Kind of file.")
@click.option("--step", default="LATEST", show_default=True, help="The checkpoint: LATEST, BEST or a step.")
@click.option("--out", type=PATH, help="File to write; model.onnx in the run folder by default.")
@click.pass_obj
def export(context: Context, /, run: Path, form: str, step: str, out: Path | None) -> None:
    """Writes a trained model as an ONNX file.

    The model is that of the run folder RUN. Three sizes prove that the file gives what torch gives.
    """
    from ganzoo.runs.run_file import read_run_file

    read_run_file(run)  # a wrong folder is refused before torch is loaded
    from ganzoo.inference.export import export_onnx
    from ganzoo.inference.loading import load_run

    gan, problems = load_run(run, which=step, device="cpu", catalog=context.catalog())
    for problem in problems:
        complain(problem)
    file = out or run / f"model.{form}"
    for size, difference in export_onnx(gan, file):
        say(f"{size}: largest difference to torch {difference:.1e}")
    say(f"{file}, {file.stat().st_size / 1e6:.1f} MB, step {gan.step}")
