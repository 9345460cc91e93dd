"""`ganzoo report`: report.html of a run or a comparison."""

from pathlib import Path

import click

from ganzoo.cli.console import say
from ganzoo.runs.paths import file_name


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
def write(folder: Path) -> None:
    """Writes report.html into FOLDER, that of a run or of a comparison: one file that needs no network."""
    from ganzoo.report_html import write_report

    say(file_name(write_report(folder)))
