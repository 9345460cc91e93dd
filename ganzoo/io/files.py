"""Replaces files whole, so that a crash leaves the old or the new one; and finds the folder for caches."""

import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from ganzoo.io.user_path import user_path


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


def write_atomically(path: Path, text: str) -> None:
    """Replaces the file's content. The draft lies beside it, since a rename across file systems is not atomic."""
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        sync_file(draft)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def cache_folder() -> Path:
    """The folder for caches: $GANZOO_CACHE, else `ganzoo` in the user's cache folder.

    The user's cache folder is $XDG_CACHE_HOME or ~/.cache on Linux, and what the system names elsewhere.
    """
    named = os.environ.get("GANZOO_CACHE")
    return user_path(named) if named else user_cache_path("ganzoo", appauthor=False)
