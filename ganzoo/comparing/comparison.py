"""Runs a comparison from its plan to its files."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganzoo.catalog.lookup import Catalog
from ganzoo.comparing.evaluator import Evaluator
from ganzoo.comparing.jobs import train_all
from ganzoo.comparing.plan import FILE, Entry, Jobs, Settings, check_same, entries_of, free_folder
from ganzoo.comparing.rows import Row, Standing, joint, plain, row_of, standings, unlike
from ganzoo.errors import GanzooError, UsageError, one_line
from ganzoo.io.files import write_atomically
from ganzoo.report_html import write_comparison_report
from ganzoo.runs.claim import locked
from ganzoo.runs.paths import file_name
from ganzoo.runs.view import View


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A finished comparison. `why_not` says why nothing is ranked, and is empty otherwise."""

    folder: Path
    rows: Sequence[Row]
    standings: Sequence[Standing]
    why_not: str
    settings: Mapping[str, Any]

    def to_rows(self) -> list[dict[str, Any]]:
        """One plain dictionary for each run."""
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
    """Trains what is not trained yet, scores everything and writes comparison.json and report.html.

    The same call with the same `out` goes on with one that was interrupted. Raises UsageError for a name that is
    nothing, for a folder that holds something else, and KeyboardInterrupt after the runs have saved.
    """
    folder = (out or free_folder()).resolve()
    entries = entries_of(settings, catalog, folder)
    if check_same(folder, settings):
        view.notice(f"going on with the comparison in '{file_name(folder)}'")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't write to '{folder}': {one_line(error)}") from None
    with locked(folder):
        return _run(folder, entries, settings, catalog, view, jobs=jobs, flags=flags, command=command)


def _run(
    folder: Path,
    entries: Sequence[Entry],
    settings: Settings,
    catalog: Catalog,
    view: View,
    *,
    jobs: Jobs,
    flags: Sequence[str],
    command: str,
) -> Comparison:
    written = _Written(folder, settings, command)
    written.write([], [], "")
    train_all(entries, settings, jobs=jobs, flags=flags, told=lambda e, what: view.notice(f"{_title(e)} {what}"))
    evaluator = Evaluator(catalog, view, **_scoring(settings.options, entries))
    rows = []
    for entry in entries:
        rows.append(row_of(entry, evaluator))
        written.write(rows, standings(rows), unlike(rows))
    try:
        write_comparison_report(folder)
    except (OSError, GanzooError) as error:
        view.notice(f"no report.html: {one_line(error)}")
    return Comparison(
        folder=folder, rows=rows, standings=standings(rows), why_not=unlike(rows), settings=settings.to_dict()
    )


def _scoring(options: Mapping[str, object], entries: Sequence[Entry]) -> dict[str, Any]:
    """What finished runs are scored with, where the user asked for it; runs trained here have it in their settings."""
    if not any(entry.trained for entry in entries):
        return {}
    own = ("encoder", "score_images", "data", "style")
    return {key: value for key, value in options.items() if key.partition(".")[0] in own}


def _title(entry: Entry) -> str:
    return f"{entry.name}, seed {entry.seed}:"


class _Written:
    """The file of a comparison, rewritten as it grows."""

    def __init__(self, folder: Path, settings: Settings, command: str) -> None:
        self.folder = folder
        self.settings = settings
        self.fixed = {
            "schema": 1,
            "command": command,
            "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "settings": settings.to_dict(),
            "budget": str(settings.options.get("budget", "")),
            "seeds": list(range(settings.seeds)),
            "data": str(settings.options.get("data", "scenes")),
        }

    def write(self, rows: Sequence[Row], summary: Sequence[Standing], why_not: str) -> None:
        """The state of affairs."""
        content = {
            **self.fixed,
            "ranked": bool(summary) and not why_not,
            "why_not": why_not,
            "rows": [{**plain(row), "folder": self._relative(row.folder)} for row in rows],
            "summary": [plain(one) for one in summary],
        }
        # Finished runs have data and budgets of their own.
        content |= {key: own for key in ("budget", "data") if (own := joint(getattr(row, key) for row in rows))}
        write_atomically(self.folder / FILE, json.dumps(content, indent=1) + "\n")

    def _relative(self, run: str) -> str:
        inside = Path(run).is_relative_to(self.folder)
        return os.path.relpath(run, self.folder) if inside else run
