"""Writes files: whole, so that a crash leaves the old or the new one, and never through a link or into a pipe.

Folders are passed on, so a name in one may be a link to a file elsewhere that the sender wants overwritten. All that
ganzoo writes goes through `new_file`, `replacing`, `appending` or `locking`. Here is the folder for caches as well.
"""

import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from platformdirs import user_cache_path

from ganzoo.errors import StorageError
from ganzoo.io.names import user_path

if TYPE_CHECKING:
    from filelock import FileLock

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_LONGEST_ENDING = 10
DRAFTS = f".{16 * '[0-9a-f]'}.part*"
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
    """A name for a draft that nothing else has, with the ending of `path`: libraries take the format from that.

    The draft lies beside the file, since a rename across file systems is not atomic. The name is short, so that every
    name is allowed for `path`.
    """
    ending = path.suffix if len(os.fsencode(path.suffix)) <= _LONGEST_ENDING else ""
    return path.with_name(f".{secrets.token_hex(8)}.part{ending}")


def new_file(path: Path) -> IO[bytes]:
    """A file that was not there, opened to write. Raises FileExistsError where anything is, be it a link."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666), "wb")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new, empty file beside `path`, which takes its place when the block ends well and is removed when it does not.

    It replaces a link or a pipe, and what a link leads to stays as it is.
    """
    draft = draft_beside(path)
    new_file(draft).close()
    try:
        yield draft
        sync_file(draft)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sweep_drafts(folder: Path) -> None:
    """Removes the drafts that killed processes have left. No other process may be writing in the folder."""
    for draft in folder.glob(DRAFTS):
        with suppress(OSError):  # they harm nobody
            clear(draft)


def write_atomically(path: Path, text: str) -> None:
    """Replaces the file's content. Of several processes that do so at a time, one wins, and none mixes with another."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def appending(path: Path) -> IO[bytes]:
    """An ordinary file, opened to append to; made where there is none. Raises OSError for a link, pipe or device."""
    _check_ordinary(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | _NO_LINK
    file = os.fdopen(os.open(path, flags, 0o666), "ab")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # put there since
        file.close()
        raise OSError(f"'{path}' is not an ordinary file")
    return file


def locking(path: Path) -> "FileLock":
    """The lock on that file, not taken yet. Raises OSError where a link, a pipe or a device has the file's name."""
    from filelock import FileLock  # here, since most commands take no lock

    _check_ordinary(path)
    return FileLock(path)


def _check_ordinary(path: Path) -> None:
    """Raises OSError in words of ours: the system's are "too many levels of symbolic links" and "no such device"."""
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(f"'{path}' is a link, or no ordinary file, and nothing is written to it: remove it")


def clear(path: Path) -> None:
    """Removes what is at the path, a folder with all that is in it, and nothing that a link leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with locking(folder / f"{key}.lock"):
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
