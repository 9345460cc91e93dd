"""The command line: a thin layer over what notebooks use. Heavy modules are imported inside commands only."""

import os
import sys
from typing import Any

import typer

from ganzoo.cli.app import app
from ganzoo.errors import GanzooError
from ganzoo.report import complain, say

INTERRUPTED = 130


def main() -> None:
    """Entry point of `ganzoo`: runs the command and turns errors into one line and an exit code."""
    # OpenMP threads that wait by spinning stall each other as soon as a second program wants a core: a run then drops
    # to a tenth of its speed. A short spin costs little alone. Must be set before torch loads its OpenMP.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Runs the command and gives its exit code."""
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        result: Any = app(arguments, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except GanzooError as error:
        if debug:
            raise
        complain(f"ganzoo: {error}")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        complain("ganzoo: stopped")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone; the interpreter must not try to flush to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        return _other(error)


def _other(error: Exception) -> int:
    """Usage errors of the parser, and anything nobody foresaw."""
    if type(error).__name__ == "NoArgsIsHelpError":
        say(str(error))
        return 0
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):
        complain(f"ganzoo: {error.format_message()}")
        return int(error.exit_code)
    complain(f"ganzoo: {type(error).__name__}: {error} (the traceback: --debug)")
    return 1
