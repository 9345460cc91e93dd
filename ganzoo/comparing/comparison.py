"""Runs a comparison: trains what is missing, scores every run, writes comparison.json and report.html."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganzoo.catalog.lookup import Catalog
from ganzoo.comparing.evaluator import FURTHER, Evaluator
from ganzoo.comparing.jobs import train_all
from ganzoo.comparing.plan import FILE, Entry, Jobs, Settings, can_resume, entries_of, next_folder
from ganzoo.comparing.rows import Row, Standing, chosen_alike, joint, plain, row_of, standings, why_unranked
from ganzoo.errors import GanzooError, UsageError, one_line
from ganzoo.io.files import write_atomically
from ganzoo.io.names import usable
from ganzoo.report_html import write_comparison_report
from ganzoo.runs.claim import locked
from ganzoo.runs.paths import file_name
from ganzoo.runs.view import View


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A finished comparison. `why_not` says why nothing is ranked; it is empty when there is a ranking."""

    folder: Path
    rows: Sequence[Row]
    standings: Sequence[Standing]
    why_not: str
    settings: Mapping[str, Any]

    def to_rows(self) -> list[dict[str, Any]]:
        """Returns one plain dictionary per run."""
        return [plain(row) for row in self.rows]


def run_comparison(
    settings: Settings,
    catalog: Catalog,
    view: View,
    *,
    out: Path | None = None,
    jobs: Jobs = 1,
    flags: Sequence[str] = (),
    command: str = "",
) -> Comparison:
    """Trains what is not trained yet, scores every run, and writes comparison.json and report.html.

    A second call with the same `out` resumes an interrupted comparison.

    Raises UsageError for an unknown name and for a folder that holds something else. Raises KeyboardInterrupt on
    ctrl-C, once the runs have saved.
    """
    folder = usable(out or next_folder()).resolve()
    entries = entries_of(settings, catalog, folder)
    if can_resume(folder, settings):
        view.notice(f"resuming the comparison in '{file_name(folder)}'")
    _make_folder(folder)
    with locked(folder):
        file = _ComparisonFile(folder, settings, command)
        file.write([])
        train_all(
            entries, settings, jobs=jobs, flags=flags, report=lambda e, state: view.notice(f"{_title(e)} {state}")
        )
        rows = _score_all(entries, _evaluator(settings, entries, catalog, view), file, view)
        _write_report(folder, view)
    return Comparison(
        folder=folder, rows=rows, standings=standings(rows), why_not=why_unranked(rows), settings=settings.to_dict()
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't write to '{folder}': {one_line(error)}") from None


def _score_all(entries: Sequence[Entry], evaluator: Evaluator, file: "_ComparisonFile", view: View) -> list[Row]:
    """Scores one run after the other and saves the table after each, so that an interrupt loses little."""
    rows: list[Row] = []
    for entry in entries:
        view.notice(f"{_title(entry)} is scored")
        rows.append(row_of(entry, evaluator))
        file.write(chosen_alike(rows))
    alike = chosen_alike(rows)
    if alike != rows:
        view.notice("ranked by the last checkpoints: not all runs have a best one of equally many scores")
    return alike


def _write_report(folder: Path, view: View) -> None:
    """A report that can't be written is a notice, since the scores are safe in comparison.json."""
    try:
        write_comparison_report(folder)
    except (OSError, GanzooError) as error:
        view.notice(f"no report.html: {one_line(error)}")


def _evaluator(settings: Settings, entries: Sequence[Entry], catalog: Catalog, view: View) -> Evaluator:
    """The evaluator of all rows. It asks a second encoder only where none was chosen and seconds don't matter."""
    alone = settings.tiny or "encoder" in settings.options
    changes = _scoring_options(settings.options, entries)
    return Evaluator(catalog, view, changes, quick=settings.quick, further=() if alone else FURTHER)


def _scoring_options(options: Mapping[str, object], entries: Sequence[Entry]) -> dict[str, Any]:
    """The options that change how finished runs are scored. Runs trained here already have them in their settings."""
    if not any(entry.trained for entry in entries):
        return {}
    scoring = ("encoder", "score_images", "data", "style")
    return {key: value for key, value in options.items() if key.partition(".")[0] in scoring}


def _title(entry: Entry) -> str:
    return f"{entry.name}, seed {entry.seed}:"


class _ComparisonFile:
    """comparison.json, which is rewritten after each scored run."""

    def __init__(self, folder: Path, settings: Settings, command: str) -> None:
        self.folder = folder
        self.fixed = {
            "schema": 1,
            "command": command,
            "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "settings": settings.to_dict(),
            "budget": str(settings.options.get("budget", "")),
            "seeds": list(range(settings.seeds)),
            "data": str(settings.options.get("data", "scenes")),
        }

    def write(self, rows: Sequence[Row]) -> None:
        """Replaces the file by one with these rows, their standings and, if they can't be ranked, the reason."""
        summary, why_not = standings(rows), why_unranked(rows)
        content = {
            **self.fixed,
            "ranked": bool(summary) and not why_not,
            "why_not": why_not,
            "rows": [{**plain(row), "folder": self._relative(row.folder)} for row in rows],
            "summary": [plain(one) for one in summary],
        }
        # A finished run has its own data and budget, which the settings of the comparison don't know.
        content |= {key: found for key in ("budget", "data") if (found := joint(getattr(row, key) for row in rows))}
        write_atomically(self.folder / FILE, json.dumps(content, indent=1) + "\n")

    def _relative(self, run: str) -> str:
        inside = Path(run).is_relative_to(self.folder)
        return os.path.relpath(run, self.folder) if inside else run
