"""Paths as users write them, with ~ for their home folder where no shell has replaced it, as in --out=~/runs."""

import os
from pathlib import Path


def user_path(text: str | os.PathLike[str]) -> Path:
    """The path with a leading ~ replaced by the home folder, or as it is where none is known."""
    return Path(os.path.expanduser(text))
