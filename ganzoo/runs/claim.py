"""Claims a run folder: finds a free one, empties it, and keeps other processes out."""

import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import DRAFTS, locking, write_atomically
from ganzoo.io.names import usable
from ganzoo.io.untrusted import read_json
from ganzoo.runs.paths import LOCK, OWNER, RUN_FILE, file_name

_OF_NO_RUN = (OWNER, LOCK, DRAFTS, f".{RUN_FILE}.part")
"""Patterns of what a process leaves that is killed before it has written run.json. Older versions left the last."""


@contextmanager
def claimed_folder(model: str, out: Path | None, *, overwrite: bool) -> Iterator[Path]:
    """Finds, creates and locks the run folder: `out`, or the first free runs/<model>-<number>. Changes nothing in it.

    If the block fails before it has written a run.json, an empty folder is removed again. Raises UsageError when the
    folder is not empty (unless it is a run's, to `overwrite`), is in use, or can't be written.
    """
    folder = usable(out or _free_folder(Path("runs"), model))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't write to '{folder}': {one_line(error)}") from None
    with locked(folder):
        try:
            _check_free(folder, overwrite=overwrite)
            yield folder
        finally:
            if folder.is_dir() and holds_nothing(folder):
                for entry in list(folder.iterdir()):
                    entry.unlink(missing_ok=True)
                folder.rmdir()


def _check_free(folder: Path, *, overwrite: bool) -> None:
    if holds_nothing(folder):
        return
    if not (folder / RUN_FILE).is_file():
        raise UsageError(f"'{folder}' is not empty and not a run folder, so it is left alone: give another folder")
    if not overwrite:
        raise UsageError(f"'{folder}' is a run already: resume it (--resume), replace it (--overwrite) or give another")


def holds_nothing(folder: Path) -> bool:
    """Whether nothing is in the folder, but for what a process leaves that is killed while it claims it."""
    return all(any(map(entry.match, _OF_NO_RUN)) for entry in folder.iterdir())


def empty_folder(folder: Path) -> None:
    """Removes what an earlier run left in a claimed folder.

    run.json stays until it is replaced, since both --overwrite and --resume refuse a folder without it. Raises
    StorageError when something can't be removed.
    """
    try:
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in (LOCK, OWNER, RUN_FILE):
                entry.unlink()
    except OSError as error:
        raise StorageError(f"can't empty '{file_name(folder)}': {one_line(error)}") from error


def _free_folder(base: Path, model: str) -> Path:
    pattern = re.compile(rf"{re.escape(model)}-(\d+)")
    taken = [int(m[1]) for entry in (base.iterdir() if base.is_dir() else ()) if (m := pattern.fullmatch(entry.name))]
    return base / f"{model}-{max(taken, default=0) + 1}"


@contextmanager
def locked(folder: Path, notice: Callable[[str], None] = lambda text: None) -> Iterator[None]:
    """Keeps other processes out of the run folder while the block runs.

    Calls `notice` when the previous holder of the lock died. The system releases the lock of a process that dies, so
    nobody has to remove one by hand. Raises UsageError, which names the process, when another one holds the lock.
    """
    from filelock import Timeout  # here, since reading a run needs no lock

    owner = folder / OWNER
    try:
        held = locking(folder / LOCK).acquire(timeout=0)
    except Timeout:
        raise UsageError(f"'{folder}' is in use by another process{_process_of(owner)}") from None
    except OSError as error:
        raise UsageError(f"can't write to '{folder}': {one_line(error)}") from None
    with held:
        if owner.is_file():
            notice(f"the process that last had '{file_name(folder)}'{_process_of(owner)} ended without a word")
        with suppress(OSError):  # a full disk: the lock works without it
            write_atomically(owner, json.dumps({"pid": os.getpid(), "host": platform.node()}))
        try:
            yield
        finally:
            owner.unlink(missing_ok=True)


def holder(folder: Path) -> str | None:
    """The process that has the run folder, in brackets and empty where it is unknown; None where none has it."""
    from filelock import Timeout

    if not (folder / LOCK).is_file():
        return None
    try:
        with locking(folder / LOCK).acquire(timeout=0):
            return None
    except Timeout:
        return _process_of(folder / OWNER)
    except OSError:  # whoever wants to write to it will say why it can't be
        return None


def _process_of(owner: Path) -> str:
    """The process that wrote the file, in brackets; nothing when it can't be read."""
    try:
        known = read_json(owner)
        return f" ({int(known['pid'])} on {known['host']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
