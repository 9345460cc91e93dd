"""Where a cleaned copy may go."""

import os
from pathlib import Path

from ganzoo.errors import UsageError


def check_target(source: Path, target: Path) -> None:
    """Raises UsageError when a copy of `source` can't go to `target`: one is in the other, or something is there."""
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise UsageError(f"--fix '{target}': the copy must lie outside of '{source}', which is never touched")
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"--fix '{target}' exists already; name a new or an empty folder")
