"""Options that several commands share, and commands with `--set` whose errors help.

`--lr 1e-4` is answered with `--set lr=1e-4`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ganzoo.cli.app import Context
from ganzoo.cli.paths import PathOrName
from ganzoo.errors import GanzooError, UsageError

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def _only_one(context: click.Context, option: click.Parameter, given: Sequence[str]) -> str | None:
    """The one source that was given. Otherwise click would take the last of several without a word."""
    if len(given) > 1:
        raise click.UsageError(
            f"{option.opts[0]} is given {len(given)} times, and one is read: put the folders, or links to them, in one"
        )
    return given[0] if given else None


def source_option(name: str, **more: Any) -> Callable[[Command], Command]:
    """An option that names a folder of images or a data set. Its value is a text or None."""
    return click.option(name, type=PathOrName(), multiple=True, callback=_only_one, **more)


LARGEST_STROKE = 16
stroke_option = click.option(
    "--stroke",
    type=click.FloatRange(0, LARGEST_STROKE, min_open=True),
    default=1.0,
    show_default=True,
    help="Size of strokes: 1 is as in the paintings, both looked at whole; 2 is twice as large.",
)
detail_option = click.option(
    "--detail",
    type=click.FloatRange(0, 1),
    default=0.35,
    show_default=True,
    help="How much of the photo's fine detail is painted.",
)


def run_argument(name: str = "run") -> Callable[[Command], Command]:
    """An argument that names a trained model: its text goes to `Context.trained`."""
    return click.argument(name, type=PathOrName(), metavar="RUN")


class ModelCommand(click.Command):
    """A command with names of models and with `--set KEY=VALUE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the arguments; raises UsageError for a flag that is an option of a model named beside it."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if isinstance(ctx.obj, Context) and (message := _as_assignment(error.option_name, given, ctx.obj)):
                raise UsageError(message) from None
            raise


def _as_assignment(flag: str, arguments: Sequence[str], context: Context) -> str:
    """How to write the flag with `--set`, or nothing when no model among the arguments has such an option."""
    from ganzoo.config.resolve import configure_run
    from ganzoo.deprecated import OPTIONS

    key, catalog = flag.lstrip("-").replace("-", "_"), context.catalog()
    key = OPTIONS.get(key, key)
    for name in arguments:
        try:
            values = {} if name.startswith("-") else configure_run(name, catalog).values()
        except GanzooError:  # no name of a model or preset
            continue
        if key in values:
            return f"no flag '{flag}': '{key}' is an option of {name}, so write --set {key}={_value(flag, arguments)}"
    return ""


def _value(flag: str, arguments: Sequence[str]) -> str:
    """The value that follows the flag, or "VALUE" if there is none."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument.startswith(f"{flag}="):
            return argument.removeprefix(f"{flag}=")
        if argument == flag and following and not following.startswith("--"):
            return following
    return "VALUE"
