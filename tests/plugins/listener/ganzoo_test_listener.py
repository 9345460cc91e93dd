"""Follows runs: counts their starts in the file that GANZOO_TEST_CALLS names, and fails at the first step."""

import os
from pathlib import Path

from ganzoo import hookimpl


@hookimpl
def ganzoo_run_started() -> None:
    with Path(os.environ["GANZOO_TEST_CALLS"]).open("a") as file:
        file.write("started\n")


@hookimpl
def ganzoo_step_finished(step: int) -> None:
    raise RuntimeError(f"listener fails at step {step}")
