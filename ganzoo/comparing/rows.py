"""The results of a comparison: a row for each run, a standing for each name, and ranks where scores allow them."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ganzoo.comparing.evaluator import Evaluator
from ganzoo.comparing.jobs import is_done
from ganzoo.comparing.plan import SCORES_PER_RUN, Entry
from ganzoo.comparing.processes import failure_reason
from ganzoo.engine import checkpoint
from ganzoo.errors import GanzooError, StorageError, one_line
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.logs import recorded_scores
from ganzoo.runs.paths import BEST, LATEST, RUN_FILE, SUMMARY
from ganzoo.runs.run_file import read_run_file
from ganzoo.trained.hub import PREFIX, short

LAST_ONE = "the last score"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result of one run. `best` is the score of its best checkpoint, `last` that of its newest.

    `status` is "done", "failed" or "unfinished"; unless it is "done", `reason` says why. What only the summary of a run
    tells is None for a run that was stopped before it wrote one.
    """

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
    steps: int | None = None
    images: int | None = None
    seconds: float | None = None
    images_per_second: float | None = None
    peak_memory_mb: float | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
    license: str = ""
    start: str = ""
    """What the run started from; empty for one that started from noise."""
    strange: bool = False
    """Whether the run was trained on other images than those it is scored on. It may have seen some of them."""
    asked: str = ""
    """The checkpoint that the user named; empty for the newest."""
    chosen: str = LAST_ONE
    """How the checkpoint of `best` was chosen. The best of many scores is lower by chance than the last one."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The result of one name over all its seeds. An interval spans the intervals of all seeds.

    `rank` is None when the rows can't be ranked. `ties` are the names whose intervals overlap with this one.
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
    """The row of one run, scored if it is not yet. A failed or unfinished run gives a row with the reason."""
    base = Row(name=entry.name, seed=entry.seed, folder=str(entry.folder), asked=entry.which)
    if entry.problem or not (entry.folder / RUN_FILE).is_file():
        return replace(base, status="failed", reason=entry.problem or failure_reason(entry.folder))
    try:
        return _scored(entry, base, evaluator)
    except GanzooError as error:
        return replace(base, status="failed", reason=str(error))
    except Exception as error:  # a plugin's model may raise anything; the other rows must not be lost
        return replace(base, status="failed", reason=one_line(error))


def _scored(entry: Entry, base: Row, evaluator: Evaluator) -> Row:
    content = read_run_file(entry.folder)
    facts = _facts(entry.folder, content, evaluator)
    if not entry.trained and not is_done(entry.folder):
        return replace(base, status="unfinished", reason=failure_reason(entry.folder), **facts)
    last = evaluator.recorded_or_new(entry.folder, entry.which or LATEST, painted=not entry.trained)
    if last is None:
        raise StorageError(f"'{entry.folder}' has no checkpoint that is known as the best: train with --score-every")
    # The best of many scores is lower by chance than the best of few. So BEST counts only for runs with equally many.
    comparable = not entry.which and (not entry.trained or len(recorded_scores(entry.folder)) == SCORES_PER_RUN)
    best = _best(entry, evaluator, last) if comparable else None
    chosen = _best_of(SCORES_PER_RUN) if best else _asked(entry, last)
    strange = _is_strange(last, content)
    return replace(base, best=best or last, last=last, strange=strange, chosen=chosen, **facts)


def _is_strange(evaluation: Evaluation, content: Mapping[str, Any]) -> bool:
    """Whether images of the score, on either side of a translator, are not those of the training."""
    protocol = evaluation.protocol
    photos = content.get("sources", {}).get("fingerprint", "")
    return protocol.data != content["data"]["fingerprint"] or (bool(protocol.sources) and protocol.sources != photos)


def _asked(entry: Entry, evaluation: Evaluation) -> str:
    """How a checkpoint was chosen that a user named: one that is marked as the best is the best of many scores."""
    marked = entry.which and checkpoint.best_step(entry.folder / "checkpoints") == evaluation.step
    scores = len(recorded_scores(entry.folder)) if marked else 0
    return _best_of(scores) if scores > 1 else LAST_ONE


def _best_of(scores: int) -> str:
    return f"the best of {scores} scores"


def _best(entry: Entry, evaluator: Evaluator, last: Evaluation) -> Evaluation | None:
    """The score of the best checkpoint; that of the newest, `last`, where they are the same."""
    if checkpoint.best_step(entry.folder / "checkpoints") == last.step:
        return last
    return evaluator.recorded_or_new(entry.folder, BEST, painted=not entry.trained)


def _facts(folder: Path, content: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Any]:
    """The fields of a Row that the files of the run hold. A run that has no summary yet keeps their defaults."""
    summary: Mapping[str, Any] = {}
    if (folder / SUMMARY).is_file():
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    kept = ("steps", "images", "seconds", "images_per_second", "peak_memory_mb")
    name = content["model"]
    return {
        "model": name,
        "budget": str(content["configuration"]["budget"]["value"]),
        "data": data_name(content["configuration"], "data"),
        "parameters": content["parameters"],
        "start": _start(content),
        "license": next((m.spec.license for m in evaluator.catalog.models if m.full_name == name), ""),
        **{key: summary[key] for key in kept if key in summary},
    }


def _start(content: Mapping[str, Any]) -> str:
    """What the run started from: a published name, or the last part of a path; the rest is private to the user."""
    source = str(content.get("start", {}).get("source", ""))
    if source.startswith(PREFIX):
        return short(source)
    return Path(source).name if source else ""


def data_name(configuration: Mapping[str, Mapping[str, Any]], field: str) -> str:
    """The name of a data set; for a folder only the last part of its path, since the rest is private to the user."""
    path = configuration.get(f"{field}.path", {}).get("value")
    return Path(str(path)).name if path else str(configuration[field]["value"])


def joint(values: Iterable[str]) -> str:
    """The distinct values, sorted and joined by "and": "10steps and 4steps". Empty ones are left out."""
    return " and ".join(sorted({value for value in values if value}))


def chosen_alike(rows: Sequence[Row]) -> list[Row]:
    """The rows with the last score of each in place of the best, where that makes the choice of checkpoints alike."""
    last = [row if row.asked or row.last is None else replace(row, best=row.last, chosen=LAST_ONE) for row in rows]
    return last if len(_choices(rows)) > 1 and len(_choices(last)) == 1 else list(rows)


def _choices(rows: Sequence[Row]) -> set[str]:
    return {row.chosen for row in rows if row.last is not None}


def why_unranked(rows: Sequence[Row]) -> str:
    """Why these rows can't be ranked; empty when they can.

    Rows can't be ranked when one was trained on other images, when two scores follow different protocols, or when
    their checkpoints were chosen in different ways. The answer then names the first field that differs.
    """
    scored = [(row, row.last) for row in rows if row.last is not None]
    for row, _ in scored:
        if row.strange:
            return f"{row.name} was trained on other images and may have seen some that are held out here"
    for row, last in scored[1:]:
        first, reference = scored[0]
        if reference.protocol.name != last.protocol.name:
            return f"{first.name} has a {reference.protocol.name}, {row.name} a {last.protocol.name}"
        for field_name, (one, other) in reference.protocol.differences(last.protocol).items():
            return f"'{field_name}' differs: {one} for {first.name}, {other} for {row.name}"
        if first.chosen != row.chosen:
            return f"{first.name} stands there with {first.chosen}, {row.name} with {row.chosen}"
    return ""


def standings(rows: Sequence[Row]) -> list[Standing]:
    """One standing for each name that has a score, best first.

    A rank is 1 plus the number of names that are better beyond doubt, that is, whose interval lies wholly below.
    """
    names = list(dict.fromkeys(row.name for row in rows if row.last is not None))
    unranked = [_standing([row for row in rows if row.name == name and row.last is not None]) for name in names]
    ranked = unranked if why_unranked(rows) else [_ranked(one, unranked) for one in unranked]
    return sorted(ranked, key=lambda one: one.best.value)


def _standing(rows: Sequence[Row]) -> Standing:
    evaluations = [row.last for row in rows if row.last is not None]
    return Standing(
        name=rows[0].name,
        seeds=len(rows),
        best=_over_seeds([row.best.score for row in rows if row.best is not None]),
        last=_over_seeds([evaluation.score for evaluation in evaluations]),
        floor=evaluations[0].floor,
        ceiling=evaluations[0].ceiling,
    )


def _ranked(one: Standing, others: Sequence[Standing]) -> Standing:
    rank = 1 + sum(other.best.high < one.best.low for other in others)
    ties = tuple(other.name for other in others if other is not one and other.best.overlaps(one.best))
    return replace(one, rank=rank, ties=ties)


def _over_seeds(intervals: Sequence[Interval]) -> Interval:
    """The mean of the values, with an interval that spans all the given ones."""
    return Interval(
        value=math.fsum(one.value for one in intervals) / len(intervals),
        low=min(one.low for one in intervals),
        high=max(one.high for one in intervals),
    )


def plain(result: Row | Standing) -> dict[str, Any]:
    """The fields as a dictionary of plain values, for JSON."""
    return asdict(result)
