"""The report of a comparison: the ranking, the scores over time, and what each run draws from the same noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from markupsafe import Markup

from ganzoo.errors import GanzooError, StorageError, UsageError
from ganzoo.io.untrusted import check_links
from ganzoo.report_html import page
from ganzoo.report_html.curves import Chart, draw, strip
from ganzoo.report_html.formatting import title
from ganzoo.report_html.pictures import BUDGET, Frame
from ganzoo.report_html.records import Record, read_json, read_record
from ganzoo.report_html.run_page import frames, score_chart
from ganzoo.report_html.sentences import explanations
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.paths import file_name

COMPARISON = "comparison.json"
SCHEMA = 1
_MOST_FRAMES, _ALL_FRAMES = 12, 96
_MOST_BANDS = 3
_KEPT = ("content", "contours")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One line of the ranking. `strip` shows the interval, on a scale that all lines share."""

    name: str
    rank: int | None
    ties: Sequence[str]
    best: Interval | None
    last: Interval | None
    strip: Markup
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Film:
    """The sample grids of one run over time. `latent` is the size of its noise; None for a model without noise."""

    name: str
    seed: int
    latent: int | None
    frames: Sequence[Frame]


def write_comparison_report(folder: Path) -> Path:
    """Writes report.html into the folder of a comparison and returns its path.

    Raises as `render_comparison`, and StorageError when the file can't be written.
    """
    return page.write(folder / page.REPORT, render_comparison(folder))


def render_comparison(folder: Path) -> str:
    """The report of a comparison as a self-contained HTML page.

    Raises UsageError when the folder holds no comparison or a link that leads out of it, and StorageError when
    comparison.json is damaged.
    """
    if not (folder / COMPARISON).is_file():
        raise UsageError(f"'{folder}' is not the folder of a comparison: it has no {COMPARISON}")
    check_links(folder)
    content = read_json(folder / COMPARISON)
    if content.get("schema") != SCHEMA:
        raise StorageError(f"'{file_name(folder / COMPARISON)}' has schema {content.get('schema')}, not {SCHEMA}")
    with page.damaged(folder / COMPARISON):
        return page.render("comparison", **_content(folder, content))


def _content(folder: Path, content: Mapping[str, Any]) -> dict[str, object]:
    rows = content["rows"]
    records = [(row, record) for row in rows if (record := _record(folder / row["folder"]))]
    evaluations = [Evaluation.from_dict(row["best"]) for row in rows if row["best"]]
    films = _films(records)
    kept = _kept(content["summary"], rows)
    return {
        "title": f"Comparison of {len(content['summary'])} models",
        "comparison": content,
        "left_out": [
            f"{row['name']}, seed {row['seed']}: {text}" for row, record in records for text in record.left_out
        ],
        "places": _places(content["summary"]),
        "rows": [_numbers(row) for row in rows],
        "films": films,
        "first_frames": [film.frames for film in films if film.frames],
        "chart": _chart(records),
        "draw": draw,
        "terms": explanations(evaluations[0]) if evaluations else [],
        "metric": title(evaluations[0].protocol) if evaluations else "score",
        "scale": evaluations[0].protocol.scale if evaluations else 1000,
        "kept": kept,
    }


def _kept(summary: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """By column, then by model: what further encoders see in painted photos, and what is left of the photos."""
    columns: dict[str, dict[str, str]] = {}
    for name in (entry["name"] for entry in summary):
        best = [Evaluation.from_dict(row["best"]) for row in rows if row["name"] == name and row["best"]]
        for title_, values in _values(best).items():
            columns.setdefault(title_, {})[name] = f"{fmean(values):.2f}" if title_ in _KEPT else f"{fmean(values):.1f}"
    return columns


def _values(evaluations: Sequence[Evaluation]) -> dict[str, list[float]]:
    """The values of painted scores beside the one that ranks, for each seed."""
    found: dict[str, list[float]] = {}
    for one in (one for one in evaluations if one.protocol.painted):
        for further in one.beside:
            found.setdefault(title(further.protocol), []).append(further.score.value)
        for name in _KEPT:
            found.setdefault(name, []).append(one.others[name])
    return found


def _record(folder: Path) -> Record | None:
    """What the run's files hold; None for a run that failed before it wrote them."""
    try:
        return read_record(folder)
    except GanzooError:
        return None


def _places(summary: Sequence[Mapping[str, Any]]) -> list[Place]:
    intervals = [Interval.from_dict(entry["best"]) for entry in summary if entry["best"]]
    floors = [entry["floor"]["value"] for entry in summary if entry["floor"]]
    ends = [end for interval in intervals for end in (interval.low, interval.high)] + floors
    places = [_place(entry, min(ends, default=0.0), max(ends, default=1.0)) for entry in summary]
    return sorted(places, key=lambda place: (place.rank is None, place.rank or 0))


def _place(entry: Mapping[str, Any], low: float, high: float) -> Place:
    best, last = (Interval.from_dict(entry[key]) if entry[key] else None for key in ("best", "last"))
    floor = entry["floor"]["value"] if entry["floor"] else None
    return Place(
        name=entry["name"],
        rank=entry["rank"],
        ties=entry["ties"],
        best=best,
        last=last,
        strip=strip(best, low, high, floor) if best else Markup(),
        seeds=entry["seeds"],
    )


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its scores as Evaluation objects."""
    scores = {key: Evaluation.from_dict(row[key]) if row[key] else None for key in ("best", "last")}
    return {**row, **scores}


def _films(records: Sequence[tuple[Mapping[str, Any], Record]]) -> list[Film]:
    most = max(2, min(_MOST_FRAMES, _ALL_FRAMES // max(len(records), 1)))
    return [
        Film(
            name=row["name"],
            seed=row["seed"],
            latent=record.content["configuration"].get("generator.latent", {}).get("value"),
            frames=frames(record, most, BUDGET // len(records), by_percent=True),
        )
        for row, record in sorted(records, key=lambda pair: str(pair[0]["seed"]))
    ]


def _chart(records: Sequence[tuple[Mapping[str, Any], Record]]) -> Chart | None:
    scored = [(f"{row['name']}, seed {row['seed']}", record) for row, record in records if record.scores]
    return score_chart(scored, bands=len(scored) <= _MOST_BANDS) if scored else None
