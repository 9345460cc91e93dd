"""Paths on the command line: `~` is the home folder, and a name that no file can have is refused in one line."""

import os
from pathlib import Path
from typing import Any

import click

from ganzoo.io.names import unusable


class UserPath(click.Path):
    """A path, given as a `Path`. With `any_bytes` its name need not be UTF-8: for pictures that are only read."""

    def __init__(self, *, any_bytes: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"path_type": Path, **kwargs})
        self.any_bytes = any_bytes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path with `~` expanded."""
        text = os.path.expanduser(value)
        if problem := unusable(text, as_text=not self.any_bytes):
            self.fail(f"'{value}': {problem}", param, ctx)
        return super().convert(text, param, ctx)


PATH = UserPath()


class PathOrName(click.types.StringParamType):
    """A path, a pattern of paths, or the name of something registered or learnt: text that stays as it was written."""

    def __init__(self, *, any_bytes: bool = False) -> None:
        self.any_bytes = any_bytes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The same text."""
        text = super().convert(value, param, ctx)
        if problem := unusable(os.path.expanduser(text), as_text=not self.any_bytes):
            self.fail(f"'{value}': {problem}", param, ctx)
        return text
