"""Finds the files below a folder that are the user's: one rule for training, painting and looking at data.

Links to folders are followed, and each folder is visited once, a folder itself before links to it. What is hidden, what
a system keeps for itself, and what a run wrote is left out and counted.
"""

import heapq
import os
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from ganzoo.errors import one_line

SYSTEM = frozenset(
    (
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@__thumb", "@tmp", "~snapshot"),
        *("$recycle.bin", "recycler", "recycled", "system volume information", "lost+found"),
        *("__macosx", "network trash folder", "temporary items", "thevolumesettingsfolder"),
    )
)
"""Folders in which systems and network drives keep thumbnails, deleted files and older versions, in small letters."""
RUN_FILE = "run.json"
RUNS = "folders of runs"
_HIDDEN, _OUT = "hidden files", "the folder of the results"
_NAMED = 8


@dataclass(kw_only=True)
class Found:
    """What lies below a folder.

    `files` has the relative name, size in bytes and modification time in nanoseconds of each file; a link that leads
    nowhere has 0 for both. `left_out` counts the entries that were left out, by their name or kind. `unreadable` has
    each folder that can't be read, "" for the first, and the reason.
    """

    files: list[tuple[str, int, int]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def remarks(self, root: object) -> Iterator[str]:
        """Sentences about what was not read below `root`."""
        where = f"'{visible(str(root))}'"
        if self.left_out:
            most = sorted(self.left_out.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
            named = [f"{visible(name)} ({count})" for name, count in most]
            more = len(self.left_out) - len(named)
            others = f" and {more} more" if more else ""
            yield f"{where}: left out as hidden, a system's or a run's: {', '.join(named)}{others}"
        if self.unreadable:
            inner, reason = self.unreadable[0]
            yield f"{where}: folders that can't be read: {len(self.unreadable)}, such as '{visible(inner)}': {reason}"


def walk(root: str, endings: Container[str], never: str = "") -> Found:
    """Every file below `root` with one of the `endings` (in small letters), in no particular order.

    The folder `never` is not entered, whatever leads to it.
    """
    found = Found()
    visited: set[tuple[int, int]] = set()
    output = _identity(never) if never else None
    folders, links = [""], list[str]()
    while folders or links:
        inner = folders.pop() if folders else heapq.heappop(links)
        entries = _entries(root, inner, visited, output, found)
        if inner and any(entry.name == RUN_FILE for entry in entries):  # the sample grids of a run are not photos
            found.left_out[RUNS] += 1
            continue
        prefix = os.path.join(inner, "")
        for entry in entries:  # os.path would take half of the time in a large folder
            name = entry.name
            if _is_folder(entry):
                if is_system(name):
                    found.left_out[name] += 1
                elif entry.is_symlink():
                    heapq.heappush(links, prefix + name)
                else:
                    folders.append(prefix + name)
            elif name[name.rfind(".") :].lower() in endings:
                if name[0] == ".":
                    found.left_out[_HIDDEN] += 1
                else:
                    found.files.append((prefix + name, *_stamp(entry)))
    return found


def is_system(name: str) -> bool:
    """Whether a folder of that name is hidden or a system's own."""
    return name[0] == "." or name.lower() in SYSTEM


def visible(name: str) -> str:
    """The name with every character that would break a line or steer a terminal as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _entries(
    root: str, inner: str, visited: set[tuple[int, int]], output: tuple[int, int] | None, found: Found
) -> list[os.DirEntry[str]]:
    """The entries of a folder; none when it was visited before (links can form cycles) or can't be opened."""
    folder = os.path.join(root, inner)
    try:
        status = os.stat(folder)
        identity = (status.st_dev, status.st_ino)
        if identity in visited:
            return []
        visited.add(identity)
        if inner and identity == output:
            found.left_out[_OUT] += 1
            return []
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        found.unreadable.append((inner, one_line(error)))
        return []


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that can't be entered
        return False


def _stamp(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        status = entry.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
