"""What a comparison says: a row for each run, a summary for each name, and a rank where one can be given."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ganzoo.comparing.evaluator import Evaluator
from ganzoo.comparing.jobs import is_done
from ganzoo.comparing.plan import SCORES_A_RUN, Entry
from ganzoo.comparing.processes import problem_of
from ganzoo.errors import GanzooError, one_line
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.logs import recorded_scores
from ganzoo.runs.paths import RUN_FILE, SUMMARY
from ganzoo.runs.run_file import read_run_file


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run. `best` is the score of its best checkpoint, `last` of its newest."""

    name: str
    seed: int
    folder: str
    model: str = ""
    budget: str = ""
    data: str = ""
    status: str = "done"
    reason: str = ""
    best: Evaluation | None = None
    last: Evaluation | None = None
    steps: int = 0
    images: int = 0
    seconds: float = 0.0
    images_per_second: float = 0.0
    peak_memory_mb: float = 0.0
    parameters: Mapping[str, int] = field(default_factory=dict)
    license: str = ""
    strange: bool = False
    """Whether it was trained on other images than it is scored on, some of which it may know."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """All seeds of one name. An interval reaches from the lowest to the highest end of any seed's.

    `rank` is None when nothing may be ranked; `ties` are the names whose intervals overlap.
    """

    name: str
    seeds: int
    best: Interval
    last: Interval
    floor: Interval
    ceiling: float
    rank: int | None = None
    ties: tuple[str, ...] = ()


def row_of(entry: Entry, evaluator: Evaluator) -> Row:
    """The row of a run; one that failed or is not finished says why."""
    base = Row(name=entry.name, seed=entry.seed, folder=str(entry.folder))
    if entry.problem or not (entry.folder / RUN_FILE).is_file():
        return replace(base, status="failed", reason=entry.problem or problem_of(entry.folder))
    try:
        return _scored(entry, base, evaluator)
    except GanzooError as error:
        return replace(base, status="failed", reason=str(error))
    except Exception as error:  # a plugin's model may raise anything, and the other rows must not suffer
        return replace(base, status="failed", reason=one_line(error))


def _scored(entry: Entry, base: Row, evaluator: Evaluator) -> Row:
    content = read_run_file(entry.folder)
    facts = _facts(entry.folder, content, evaluator)
    if not entry.trained and not is_done(entry.folder):
        return replace(base, status="unfinished", reason=problem_of(entry.folder), **facts)
    last = evaluator.recorded_or_new(entry.folder, "LATEST")
    # A run that was scored more or less often would be favoured by the best of its scores, or the others.
    alike = not entry.trained or len(recorded_scores(entry.folder)) == SCORES_A_RUN
    best = evaluator.recorded_or_new(entry.folder, "BEST") if alike else None
    strange = last is not None and last.protocol.data != content["data"]["fingerprint"]
    return replace(base, best=best or last, last=last, strange=strange, **facts)


def _facts(folder: Path, content: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Any]:
    summary: Mapping[str, Any] = {}
    if (folder / SUMMARY).is_file():
        summary = json.loads((folder / SUMMARY).read_text())
    kept = ("steps", "images", "seconds", "images_per_second", "peak_memory_mb")
    name = content["model"]
    return {
        "model": name,
        "budget": str(content["configuration"]["budget"]["value"]),
        "data": data_name(content["configuration"], "data"),
        "parameters": content["parameters"],
        "license": next((m.spec.license for m in evaluator.catalog.models if m.full_name == name), ""),
        **{key: summary[key] for key in kept if key in summary},
    }


def data_name(configuration: Mapping[str, Mapping[str, Any]], field: str) -> str:
    """The data set's name; of a folder the last part of its path, as the rest is the user's own affair."""
    path = configuration.get(f"{field}.path", {}).get("value")
    return Path(str(path)).name if path else str(configuration[field]["value"])


def joint(values: Iterable[str]) -> str:
    """What all rows share, or what they have between them."""
    return " and ".join(sorted({value for value in values if value}))


def unlike(rows: Sequence[Row]) -> str:
    """Why these rows can't be ranked: the first field in which their protocols differ, or nothing."""
    scored = [row for row in rows if row.last is not None]
    for row in scored:
        if row.strange:
            return f"{row.name} was trained on other images and may know some that are held out here"
    for row in scored[1:]:
        first = scored[0]
        assert first.last is not None and row.last is not None
        for name, (one, other) in first.last.protocol.differences(row.last.protocol).items():
            return f"'{name}' differs: {one} for {first.name}, {other} for {row.name}"
    return ""


def standings(rows: Sequence[Row]) -> list[Standing]:
    """The names with a score, best first; a rank counts the names that are better beyond doubt."""
    names = list(dict.fromkeys(row.name for row in rows if row.last is not None))
    all_of = [_standing([row for row in rows if row.name == name and row.last is not None]) for name in names]
    ranked = not unlike(rows)
    return sorted((_ranked(one, all_of) if ranked else one for one in all_of), key=lambda one: one.best.value)


def _standing(rows: Sequence[Row]) -> Standing:
    evaluations = [row.last for row in rows if row.last is not None]
    return Standing(
        name=rows[0].name,
        seeds=len(rows),
        best=_joined([row.best.score for row in rows if row.best is not None]),
        last=_joined([evaluation.score for evaluation in evaluations]),
        floor=evaluations[0].floor,
        ceiling=evaluations[0].ceiling,
    )


def _ranked(one: Standing, others: Sequence[Standing]) -> Standing:
    rank = 1 + sum(other.best.high < one.best.low for other in others)
    ties = tuple(other.name for other in others if other is not one and other.best.overlaps(one.best))
    return replace(one, rank=rank, ties=ties)


def _joined(intervals: Sequence[Interval]) -> Interval:
    return Interval(
        value=math.fsum(one.value for one in intervals) / len(intervals),
        low=min(one.low for one in intervals),
        high=max(one.high for one in intervals),
    )


def plain(thing: Row | Standing) -> dict[str, Any]:
    """For JSON."""
    return asdict(thing)
