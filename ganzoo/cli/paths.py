"""The type of arguments and options that are paths."""

import os
from pathlib import Path
from typing import Any

import click

from ganzoo.io.user_path import user_path


class UserPath(click.Path):
    """A path, in which a leading ~ is the home folder: no shell replaces that of --out=~/x."""

    def convert(self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path with its home folder, checked as click does."""
        return super().convert(user_path(value), param, ctx)


PATH = UserPath(path_type=Path)
