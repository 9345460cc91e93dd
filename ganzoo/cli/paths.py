"""Arguments and options that say where something is: paths, and sources of images."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ganzoo.io.user_path import user_path

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


class UserPath(click.Path):
    """A path, in which a leading ~ is the home folder: no shell replaces that of --out=~/x."""

    def convert(self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path with its home folder, checked as click does."""
        return super().convert(user_path(value), param, ctx)


PATH = UserPath(path_type=Path)


def _only_one(context: click.Context, option: click.Parameter, given: Sequence[str]) -> str | None:
    """The one source that was given. Otherwise click would take the last of several without a word."""
    if len(given) > 1:
        raise click.UsageError(
            f"{option.opts[0]} is given {len(given)} times, and one is read: put the folders, or links to them, in one"
        )
    return given[0] if given else None


def source_option(name: str, **more: Any) -> Callable[[Command], Command]:
    """An option that names a folder of images or a data set. Its value is a text or None."""
    return click.option(name, multiple=True, callback=_only_one, **more)
