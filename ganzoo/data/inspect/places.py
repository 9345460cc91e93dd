"""Checks where a cleaned copy may go."""

import os
from pathlib import Path

from ganzoo.errors import UsageError


def check_target(source: Path, target: Path) -> None:
    """Raises UsageError when one folder lies in the other, or when `target` exists and is not an empty folder."""
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise UsageError(
            f"--fix '{target}': '{source}' is never touched, so the copy must lie outside of it: name another folder"
        )
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"--fix '{target}' exists already; name a new or an empty folder")
