"""Reads files that others may have written, within limits: bytes, lines, JSON, and links of a run folder.

People pass run folders on, so nothing in one is trusted to be what ganzoo wrote.
"""

import json
import math
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ganzoo.errors import UsageError

MAX_BYTES = 32_000_000
"""The largest JSON file that is read."""
MAX_LINE = 1_000_000
"""The longest line of a log that is read."""
MAX_LOG = 4_000_000_000
"""The largest log that is read, line by line."""
_MOST = 2**64
_DIGITS = 20


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a regular file.

    Raises OSError for a pipe or a device, which may never end, and ValueError for more than `most` bytes.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ValueError(f"{size:,} bytes, at most {most:,} are read")
        return file.read(most)


def open_file(path: Path) -> IO[bytes]:
    """A regular file, opened to read. Raises OSError for a pipe or a device, which may never end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not an ordinary file")
    return os.fdopen(descriptor, "rb")


def read_end(path: Path, most: int) -> bytes:
    """The last bytes of a regular file, at most so many. Raises OSError for a pipe or a device."""
    with open_file(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return file.read(most)


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a regular file, one at a time. One that is longer than MAX_LINE comes as an empty one.

    Raises OSError for a pipe or a device, and ValueError for a file larger than MAX_LOG.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_LOG:
            raise ValueError(f"{size:,} bytes, at most {MAX_LOG:,} are read")
        while line := file.readline(MAX_LINE):
            whole = line.endswith(b"\n") or len(line) < MAX_LINE
            yield line if whole else b""
            while not whole:
                rest = file.readline(MAX_LINE)
                whole = not rest or rest.endswith(b"\n")


def parse_json(text: str | bytes, *, finite: bool = True) -> Any:
    """The value of a JSON text.

    Raises ValueError for a text that is not JSON, for a name that is given twice in an object, for nesting that is too
    deep, and for integers of more than 64 bits.
    It refuses NaN and infinity too, unless `finite` is False: a log may hold them.
    """
    try:
        return json.loads(
            text,
            parse_int=_integer,
            parse_float=_finite if finite else None,
            parse_constant=_finite if finite else None,
            object_pairs_hook=_without_doubles,
        )
    except RecursionError:  # not a ValueError, but just as easy to provoke
        raise ValueError("nested too deeply") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises OSError when it can't be read, ValueError when it holds anything else."""
    content = parse_json(read_bytes(path, MAX_BYTES))
    if not isinstance(content, dict):
        raise ValueError("it does not hold a JSON object")
    return content


def check_links(folder: Path) -> None:
    """Raises UsageError for any link below the folder that leads out of it.

    Reading through such a link would reveal files elsewhere; resuming would write, prune and delete there.
    """
    root = folder.resolve()
    for path in _links(str(folder)):
        try:
            inside = Path(path).resolve().is_relative_to(root)
        except (OSError, RuntimeError):  # a link to itself
            inside = False
        if not inside:
            raise UsageError(f"'{path}' is a link that leads out of '{folder}': nothing in a folder of runs may")


def _links(folder: str) -> Iterator[str]:
    waiting = [folder]
    while waiting:
        found: list[os.DirEntry[str]] = []
        with suppress(FileNotFoundError), os.scandir(waiting.pop()) as entries:  # a checkpoint that is pruned right now
            found = list(entries)
        for entry in found:
            if entry.is_symlink():
                yield entry.path
            elif entry.is_dir():
                waiting.append(entry.path)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"'{name[:100]}' is given twice")
    return found


def _integer(text: str) -> int:
    number = int(text) if len(text) <= _DIGITS + 1 else _MOST
    if abs(number) >= _MOST:
        raise ValueError(f"a number of {len(text)} digits, at most 64 bits are read")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"'{text[:20]}' is not a finite number")
    return number
