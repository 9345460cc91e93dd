"""Installed distributions, of which some may be damaged: what pip was stopped in the middle of, or a stray folder.

One malformed line in the entry_points.txt of any package makes importlib.metadata raise for whoever asks for entry
points: pydantic and torch do so when they are imported. `forgiving` leaves such lines out.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import PurePath
from threading import Lock
from typing import Any

NO_VERSION = "?"
ENTRY_POINTS = "entry_points.txt"
_MOST_SHOWN = 60
_NO_TEXT = "\ufffd"
"""What stands for bytes that are not UTF-8, of which importlib raises UnicodeDecodeError."""
_PLAIN: Any = vars(metadata.Distribution)["entry_points"]
"""importlib's own property, which raises TypeError for a line without "="."""


def header(distribution: metadata.Distribution) -> Mapping[str, str]:
    """The name and the version in its METADATA; empty when that has no name or can't be read."""
    try:
        read = distribution.metadata
        return {"Name": str(read["Name"]), "Version": str(read["Version"] or NO_VERSION)} if read["Name"] else {}
    except Exception:  # whatever a damaged file makes the parser raise
        return {}


def distribution(name: str) -> metadata.Distribution | None:
    """The first installed distribution of that name that is not damaged."""
    return next((one for one in metadata.distributions(name=name) if header(one)), None)


def version(name: str) -> str:
    """The version that is installed, or "?" if none is, or only damaged ones are."""
    found = distribution(name)
    return header(found).get("Version", NO_VERSION) if found else NO_VERSION


def damaged(name: str) -> Iterator[str]:
    """The places of damaged distributions of that name."""
    return (place(one) for one in metadata.distributions(name=name) if not header(one))


def place(distribution: metadata.Distribution) -> str:
    """Where it is installed, for messages: importlib.metadata has no public name for it."""
    return str(getattr(distribution, "_path", distribution.locate_file("")))


def name_of(distribution: metadata.Distribution) -> str:
    """Its name in the form that pip compares, or the one of its folder if METADATA gives none."""
    name = header(distribution).get("Name") or PurePath(place(distribution)).name.partition("-")[0]
    return re.sub("[-_.]+", "-", name).lower()


def entry_points(distribution: metadata.Distribution, group: str) -> tuple[metadata.EntryPoint, ...]:
    """Its entry points in that group, without those on malformed lines. Never raises."""
    if not has_group(distribution, group):  # as most packages, and to parse them all takes long
        return ()
    return tuple(_tolerant(distribution).select(group=group))


def has_group(distribution: metadata.Distribution, group: str) -> bool:
    """Whether its entry_points.txt has that group, be it without a line that is an entry point."""
    return f"[{group}]" in _text_of(distribution)


def malformed(distribution: metadata.Distribution) -> str:
    """Which lines of its entry_points.txt are no entry points, in words; nothing where all is well."""
    bad = _bad_lines(_text_of(distribution))
    if not bad:
        return ""
    number, line = next(iter(bad.items()))
    more = f", nor are {len(bad) - 1} more lines" if len(bad) > 1 else ""
    where = PurePath(place(distribution)) / ENTRY_POINTS
    return f"'{where}': line {number}, '{line[:_MOST_SHOWN]}', is not NAME = MODULE{more}: reinstall the package"


def forgive() -> None:
    """From now on, importlib.metadata leaves malformed lines out in this process, whoever asks it."""
    _put(property(_tolerant))


@contextmanager
def forgiving() -> Iterator[None]:
    """While the block or the function runs, importlib.metadata leaves malformed lines out; then all is as before.

    For what ganzoo imports and does as a library: the program that uses it is left as it is.
    """
    _BLOCKS.enter()
    try:
        yield
    finally:
        _BLOCKS.leave()


class _Blocks:
    """Counts the blocks of all threads in which malformed lines are left out; the last puts back what was there."""

    def __init__(self) -> None:
        self._lock, self._count, self._before = Lock(), 0, _PLAIN

    def enter(self) -> None:
        with self._lock:
            if not self._count:
                self._before = vars(metadata.Distribution)["entry_points"]
                forgive()
            self._count += 1

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if not self._count:
                _put(self._before)


_BLOCKS = _Blocks()


def _put(value: property) -> None:
    metadata.Distribution.entry_points = value  # type: ignore[method-assign, assignment]


def _tolerant(distribution: metadata.Distribution) -> metadata.EntryPoints:
    """The entry points of a distribution as importlib gives them, without the malformed lines."""
    damaged = _bad_lines(_text_of(distribution))
    found: metadata.EntryPoints = _PLAIN.fget(_Cleaned(distribution) if damaged else distribution)
    return found


class _Cleaned(metadata.Distribution):
    """A distribution without the malformed lines of its entry_points.txt."""

    def __init__(self, whole: metadata.Distribution) -> None:
        self._whole = whole

    def read_text(self, filename: str) -> str | None:
        if filename != ENTRY_POINTS:
            return self._whole.read_text(filename)
        text = _text_of(self._whole)
        bad = _bad_lines(text)
        # What stands below a bad heading must not become part of the group above.
        lines = enumerate(text.splitlines(), 1)
        return "\n".join(line for number, line in lines if number not in bad or _is_heading(line.strip()))

    def locate_file(self, path: Any) -> Any:
        return self._whole.locate_file(path)


def _text_of(distribution: metadata.Distribution) -> str:
    """The text of its entry_points.txt, with replacements for bytes that are not UTF-8; empty if it can't be read."""
    try:
        return distribution.read_text(ENTRY_POINTS) or ""
    except UnicodeDecodeError as error:
        return error.object.decode(errors="replace")
    except Exception:  # whatever a damaged installation makes it raise
        return ""


def _bad_lines(text: str) -> dict[int, str]:
    """The lines that are no entry points where some should be, or no UTF-8, by their numbers from 1."""
    bad, grouped = {}, False
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        grouped = grouped or _is_heading(line)
        if _NO_TEXT in line or (grouped and not _is_fine(line)):
            bad[number] = line
    return bad


def _is_heading(line: str) -> bool:
    return line.startswith("[") and line.endswith("]")


def _is_fine(line: str) -> bool:
    name, _, value = map(str.strip, line.partition("="))
    empty = not line or line.startswith("#") or _is_heading(line)
    return empty or bool(name and metadata.EntryPoint.pattern.match(value))
