"""Reads what a run has logged: scalars, scores, its timeline and its summary."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.errors import StorageError, one_line
from ganzoo.io import checked
from ganzoo.io.files import appending, replacing
from ganzoo.io.untrusted import MAX_LINE, parse_json, read_json, read_lines
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.paths import PAINTED, SCALARS, SCORES, SUMMARY, TIMELINE, file_name

LEARNING_RATE = "lr/"
"""Before the name of a step: its learning rate in scalars.jsonl. Runs of older versions did not log it."""
_CUT_OFF = 2**62
"""A step that no run reaches. It stands for a line that a crash cut off, so that `keep_until` drops it."""
MAX_KEPT = 32_000_000
"""Bytes of a log's lines that are held in memory at a time."""
_PER_LINE = 100
"""Bytes that a line takes in memory beside its own."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """The lines of a log, and a sentence about those that are left out; it is empty where none are."""

    lines: list[dict[str, Any]]
    left_out: str = ""


def read_log(path: Path) -> Log:
    """The lines of a log in about MAX_KEPT bytes: of a longer one every second, fourth … line, and always the last.

    Lines that hold no object with a step, such as one that a crash cut off, are left out. Raises StorageError for a
    file that can't be read.
    """
    kept = _Kept()
    for line in _lines(path):
        kept.add(line)
    return Log(lines=[one for line in kept.all() if (one := _parsed(line)) is not None], left_out=kept.left_out(path))


def each_scalar(folder: Path) -> Iterator[dict[str, float]]:
    """All lines of scalars.jsonl, one at a time, without one that a crash cut off."""
    return (one for line in _lines(folder / SCALARS) if (one := _parsed(line)) is not None)


def recorded_scalars(folder: Path) -> list[dict[str, float]]:
    """The lines of scalars.jsonl, without one that a crash cut off. Of a very long log it has a part, as `read_log`."""
    return read_log(folder / SCALARS).lines


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
    """The lines of timeline.jsonl: from each step on, the budget and, if it is one of time, the part used up.

    Raises StorageError for a file that is too large.
    """
    return _all_lines(folder / TIMELINE)


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


def keep_until(path: Path, step: int) -> None:
    """Rewrites a log without the lines of later steps and without one that a crash cut off; a whole one stays as it is.

    Raises StorageError or OSError when it can't.
    """
    if all(_step_of(line) <= step and line.endswith(b"\n") for line in _lines(path)):
        return
    with replacing(path) as draft, draft.open("wb") as file:
        for line in _lines(path):
            if _step_of(line) <= step:
                file.write(line.rstrip(b"\r\n") + b"\n")


def _evaluations(path: Path) -> list[Evaluation]:
    try:
        return [Evaluation.from_dict(line) for line in _all_lines(path)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def _all_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log that is of no use in part. Raises StorageError for one that is too large."""
    log = read_log(path)
    if log.left_out:
        limits = f"at most {MAX_KEPT:,} bytes are read, in lines of at most {MAX_LINE:,}"
        raise StorageError(f"'{file_name(path)}' is too large: {limits}")
    return log.lines


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a log; none where there is no file. Raises StorageError for one that can't be read."""
    try:
        if path.is_file():
            yield from read_lines(path)
    except (OSError, ValueError) as error:
        raise StorageError(f"'{file_name(path)}' can't be read: {one_line(error)}") from None


class _Kept:
    """Every line of a log while they are few, then every second, every fourth …, and always the last one."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._last = b""
        self._seen = self._too_long = self._size = 0
        self._every = 1

    def add(self, line: bytes) -> None:
        """Takes the next line. An empty one stands for one that is too long."""
        if not line:
            self._too_long += 1
            return
        self._last = line
        if self._seen % self._every == 0:
            self._lines.append(line)
            self._size += len(line) + _PER_LINE
        self._seen += 1
        while self._size > MAX_KEPT:
            self._lines, self._every = self._lines[::2], 2 * self._every
            self._size = sum(len(one) + _PER_LINE for one in self._lines)

    def all(self) -> Iterator[bytes]:
        """The lines that are kept."""
        yield from self._lines
        if self._lines and self._lines[-1] is not self._last:
            yield self._last

    def left_out(self, path: Path) -> str:
        """A sentence about the lines that are not kept."""
        found = []
        if self._every > 1:
            found.append(f"of {self._seen:,} lines of {path.name} one in {self._every} is read")
        if self._too_long:
            found.append(f"{self._too_long:,} lines of {path.name} have more than {MAX_LINE:,} bytes and are left out")
        return "; ".join(found)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a logged line; None for a line that has no step. Bytes that are not UTF-8 become replacements."""
    try:
        found = parse_json(line.decode(errors="replace"), finite=False)
        checked.number(found["step"], "step")
    except (ValueError, KeyError, TypeError):
        return None
    return {sys.intern(name): value for name, value in found.items()}


def _step_of(line: bytes) -> int:
    """The step of a logged line; a line that a crash cut off counts as one of a later step."""
    found = _parsed(line)
    return _CUT_OFF if found is None else int(found["step"])
