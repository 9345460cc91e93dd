"""`ganzoo report`: report.html of a run or a comparison."""

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import say
from ganzoo.cli.paths import PathOrName
from ganzoo.runs.paths import file_name


@click.command("report")
@click.argument("folder", type=PathOrName())
@click.pass_obj
def write(context: Context, /, folder: str) -> None:
    """Writes report.html of a run or comparison.

    The page is written into FOLDER, that of the run or comparison; of a published model into the working folder. It is
    one file and needs no network.
    """
    from ganzoo.io.names import user_path
    from ganzoo.report_html import write_report
    from ganzoo.trained.finding import sought

    found = sought(folder, catalog=context.catalog)
    if found is None:
        say(file_name(write_report(user_path(folder))))
        return
    known = context.catalog().published.get(found.name)
    written = write_report(
        found.whole("a report"),
        name=found.name,
        trained_on=known.trained_on if known else "",
        file=found.output("report.html") if found.name else None,
    )
    say(file_name(written))
