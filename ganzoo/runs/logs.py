"""Reads what a run has logged: scalars, scores, its timeline and its summary."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganzoo.errors import StorageError, one_line
from ganzoo.io.files import appending
from ganzoo.io.untrusted import parse_json, read_json
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.paths import PAINTED, SCALARS, SCORES, SUMMARY, TIMELINE, file_name

LEARNING_RATE = "lr/"
"""Before the name of a step: its learning rate in scalars.jsonl. Runs of older versions did not log it."""
_CUT_OFF = 2**62
"""A step that no run reaches. It stands for a line that a crash cut off, so that `lines_until` drops it."""


def recorded_scalars(folder: Path) -> list[dict[str, float]]:
    """The lines of scalars.jsonl, without one that a crash cut off."""
    return _whole_lines(folder / SCALARS, finite=False)


def recorded_scores(folder: Path) -> list[Evaluation]:
    """The scores taken during a run, oldest first. Raises StorageError when scores.jsonl is damaged."""
    return _evaluations(folder / SCORES)


def recorded_painted(folder: Path) -> list[Evaluation]:
    """The painted scores taken of a run's checkpoints, oldest first. Raises StorageError when they are damaged."""
    return _evaluations(folder / PAINTED)


def log_painted(folder: Path, evaluation: Evaluation) -> None:
    """Appends a painted score to those of the run. Raises StorageError when it can't."""
    append_line(folder / PAINTED, evaluation.to_dict())


def recorded_timeline(folder: Path) -> list[dict[str, Any]]:
    """The lines of timeline.jsonl: from each step on, the budget and, if it is one of time, the part used up."""
    return _whole_lines(folder / TIMELINE)


def read_summary(folder: Path) -> dict[str, Any]:
    """The content of summary.json; empty for a run that did not end. Raises StorageError when it is damaged."""
    path = folder / SUMMARY
    try:
        return read_json(path) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def append_line(path: Path, content: Mapping[str, Any]) -> None:
    """Appends an object to a log. Raises StorageError, and leaves the log as it was, when it can't."""
    size = None
    try:
        size = path.stat().st_size if path.exists() else 0
        with appending(path) as file:
            file.write(f"{json.dumps(content)}\n".encode())
    except OSError as error:
        if size is not None:
            with suppress(OSError):  # half a line would make the next one unreadable too
                os.truncate(path, size)
        name = f"{file_name(path.parent)}/{path.name}"
        raise StorageError(f"can't write '{name}': {one_line(error)}") from None


def lines_until(path: Path, step: int) -> list[str]:
    """The lines of a log up to that step, without one that a crash cut off; none where there is no file."""
    return [line for line in _lines(path) if _step_of(line) <= step]


def _evaluations(path: Path) -> list[Evaluation]:
    try:
        return [Evaluation.from_dict(line) for line in _whole_lines(path)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def _whole_lines(path: Path, *, finite: bool = True) -> list[dict[str, Any]]:
    return [parse_json(line, finite=finite) for line in lines_until(path, _CUT_OFF - 1)]


def _lines(path: Path) -> list[str]:
    """The lines of a log. Bytes that are not UTF-8 become replacement characters."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def _step_of(line: str) -> int:
    """The step of a logged line; a line that a crash cut off counts as one of a later step."""
    try:
        return int(parse_json(line, finite=False)["step"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return _CUT_OFF
