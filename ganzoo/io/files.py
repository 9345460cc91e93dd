"""Replaces files whole, so that a crash leaves the old or the new one; and finds the folder for caches."""

import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_path

from ganzoo.errors import StorageError
from ganzoo.io.names import user_path

DRAFTS = f".{16 * '[0-9a-f]'}.part"
"""A pattern for the names of drafts. It matches no file of a user, such as a download that is not complete."""


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder survive a power cut. Does nothing where folders can't be opened (Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Makes the content of a file survive a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def draft_beside(path: Path) -> Path:
    """A name for a draft that nothing else has, and that is short, so that every name is allowed for `path`.

    The draft lies beside the file, since a rename across file systems is not atomic. Open it with "x", which opens what
    is new, never a link or a pipe.
    """
    return path.with_name(f".{secrets.token_hex(8)}.part")


def sweep_drafts(folder: Path) -> None:
    """Removes the drafts that killed processes have left. No other process may be writing in the folder."""
    for draft in folder.glob(DRAFTS):
        with suppress(OSError):  # they harm nobody
            draft.unlink()


def write_atomically(path: Path, text: str) -> None:
    """Replaces the file's content. Of several processes that do so at a time, one wins, and none mixes with another."""
    draft = draft_beside(path)
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
        sync_file(draft)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def cache_folder() -> Path:
    """The folder for caches: $GANZOO_CACHE, else `ganzoo` in the user's cache folder, else one for temporary files.

    The user's cache folder is $XDG_CACHE_HOME or ~/.cache on Linux, and what the system names elsewhere. A user without
    a home that can be written to, such as one of a container, gets a folder of their own among the temporary files.
    Raises StorageError when there is none either.
    """
    if named := os.environ.get("GANZOO_CACHE"):
        return user_path(named)
    with suppress(RuntimeError):  # a user of whom the system knows no home
        usual = user_cache_path("ganzoo", appauthor=False)
        if usual.is_absolute() and _may_write(usual):
            return usual
    return _temporary_cache()


@contextmanager
def one_at_a_time(key: str) -> Iterator[None]:
    """Lets one process or thread at a time into the block of that key; others wait.

    The system releases the lock of a process that dies. Raises OSError where the cache can't be written to.
    """
    from filelock import FileLock  # here, since most commands take no lock

    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{key}.lock"):
        yield


def cache_notice() -> str:
    """What to tell about the folder for caches: nothing, unless it is one that the system may empty."""
    folder = cache_folder()
    if os.environ.get("GANZOO_CACHE") or folder.parent != Path(tempfile.gettempdir()):
        return ""
    return f"there is no home folder to write to, so caches are in '{folder}': set GANZOO_CACHE to keep them elsewhere"


def _may_write(folder: Path) -> bool:
    """Whether the folder, or the one in which it would be created, can be written to."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    return os.access(there, os.W_OK | os.X_OK)


def _temporary_cache() -> Path:
    """A folder that only this user can read and write. One that another user has put there is passed over."""
    user = os.getuid() if sys.platform != "win32" else "user"
    try:
        base = Path(tempfile.gettempdir())
        for folder in (base / f"ganzoo-{user}{extra}" for extra in ("", *(f"-{number}" for number in range(1, 100)))):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            if _is_own(folder):
                return folder
    except OSError as error:
        raise StorageError(f"no folder for caches ({error}): set GANZOO_CACHE to one") from None
    raise StorageError(f"no folder for caches: others hold all names in '{base}'; set GANZOO_CACHE")


def _is_own(folder: Path) -> bool:
    status = folder.lstat()
    if sys.platform == "win32":
        return stat.S_ISDIR(status.st_mode)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
