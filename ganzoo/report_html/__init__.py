"""HTML reports of runs and comparisons. Each is a single file that needs no network."""

from pathlib import Path

from ganzoo.errors import UsageError
from ganzoo.report_html.comparison_page import COMPARISON, render_comparison, write_comparison_report
from ganzoo.report_html.run_page import render_run, write_run_report
from ganzoo.runs.paths import RUN_FILE

__all__ = ["render_comparison", "render_run", "write_comparison_report", "write_report", "write_run_report"]


def write_report(folder: Path, *, name: str = "", trained_on: str = "", file: Path | None = None) -> Path:
    """Writes report.html into the folder of a run or a comparison and returns its path.

    Of a published model, `name` is what users call it, `trained_on` what its card says, and `file` where the page
    goes, since its folder is in the cache. Raises UsageError for any other folder.
    """
    if (folder / COMPARISON).is_file():
        return write_comparison_report(folder)
    if (folder / RUN_FILE).is_file():
        return write_run_report(folder, name=name, trained_on=trained_on, file=file)
    raise UsageError(f"'{folder}' has no report to write: give the folder of a run or of a comparison")
