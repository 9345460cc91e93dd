"""`ganzoo report`: report.html of a run or a comparison."""

from pathlib import Path

import click

from ganzoo.cli.console import say
from ganzoo.cli.paths import PATH
from ganzoo.runs.paths import file_name


@click.command("report")
@click.argument("folder", type=PATH)
def write(folder: Path) -> None:
    """Writes report.html of a run or comparison.

    The page is written into FOLDER, that of the run or comparison. It is one file and needs no network.
    """
    from ganzoo.report_html import write_report

    say(file_name(write_report(folder)))
