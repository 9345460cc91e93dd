"""Writes event files for TensorBoard to RUN/tensorboard/ when the environment variable GANZOO_TENSORBOARD is 1.

It is a variable and not a setting, because who watches depends on the machine and not on the run. So the core does not
need to know this plugin.
"""

import os
from collections.abc import Mapping
from typing import Any

from ganzoo import hookimpl

VARIABLE = "GANZOO_TENSORBOARD"


def _asked() -> bool:
    return os.environ.get(VARIABLE, "") not in ("", "0")


@hookimpl
def ganzoo_run_started(run: Any) -> None:
    """Opens the event file. Raises UsageError when the package is missing: the user sees it, and training continues."""
    if _asked():
        from ganzoo_plugins.tensorboard.board import open_board

        open_board(run)


@hookimpl
def ganzoo_step_finished(run: Any, step: int, scalars: Mapping[str, float]) -> None:
    """Writes the logged values, new scores and the newest samples."""
    if _asked():
        from ganzoo_plugins.tensorboard.board import board_of

        board_of(run).add(run, step, scalars)


@hookimpl
def ganzoo_run_finished(run: Any, summary: Mapping[str, object]) -> None:
    """Writes the last score and closes the event file."""
    if _asked():
        from ganzoo_plugins.tensorboard.board import close_board

        close_board(run)
