"""The command line: a thin layer over what notebooks use. Heavy modules are imported inside commands only."""

import os
import sys
import warnings
from collections.abc import Sequence

import click

from ganzoo.cli.app import COMMANDS, app
from ganzoo.cli.console import complain, say
from ganzoo.cli.streams import Unbroken, guard
from ganzoo.errors import GanzooError, StorageError, one_line
from ganzoo.io.installed import forgive
from ganzoo.runs.parent import end_with_parent

INTERRUPTED = 130


def main() -> None:
    """Entry point of `ganzoo`: runs the command and turns errors into one line and an exit code."""
    # OpenMP threads that wait by spinning stall each other as soon as a second program wants a core: a run then drops
    # to a tenth of its speed. A short spin costs little alone. Must be set before torch loads its OpenMP.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    end_with_parent()
    # Pillow warns of damaged metadata and of large pictures; our own rules name every picture that they concern.
    warnings.filterwarnings("ignore", module="PIL")
    forgive()
    streams = guard()
    code = run_command(sys.argv[1:])
    sys.exit(code if streams.out is None else printed(code, streams.out, sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Runs the command and gives its exit code."""
    debug = "--debug" in arguments
    try:
        result = app([argument for argument in arguments if argument != "--debug"], standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        complain("ganzoo: stopped")
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        return explain(error)
    return result if isinstance(result, int) else 0


def printed(code: int, out: Unbroken, arguments: Sequence[str]) -> int:
    """The exit code, now that all is printed: output that could not be written is an error, but for a run.

    Its folder has all that it prints, and a full disk under a log must not make a training count as failed.
    """
    sys.stdout.flush()
    if not out.problem:
        return code
    command = next((word for word in arguments if word in COMMANDS), "")
    complain(f"ganzoo: can't write the output: {out.problem}")
    return code if command == "run" else code or StorageError.exit_code


def explain(error: Exception) -> int:
    """Prints an error as one line and gives its exit code; an unexpected error names its type."""
    match error:
        case click.exceptions.NoArgsIsHelpError():  # a group without a command: its message is the help
            say(error.format_message())
            return 0
        case click.ClickException():
            complain(f"ganzoo: {' '.join(error.format_message().split())}")
            return error.exit_code
        case GanzooError():
            complain(f"ganzoo: {' '.join(str(error).split())}")
            return error.exit_code
        case _:
            complain(f"ganzoo: {one_line(error)} (the traceback: --debug)")
            return 1
