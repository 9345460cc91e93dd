"""The event file of one run: logged values, scores and sample grids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganzoo import UsageError

_COUNTERS = ("step", "images", "seconds")
_boards: dict[Path, "Board"] = {}
"""Open boards by run folder: hooks are plain functions, so state between calls lives here."""


class Board:
    """Writes to RUN/tensorboard/. Raises UsageError when the package tensorboard is missing.

    After a resume and after a rollback a new file hides what older ones have of later steps. Scores and samples come to
    the board with the next logged line. So the last line before the checkpoint, and all after it, are written again.
    """

    def __init__(self, run: Any) -> None:
        self._begin(run, run.progress.steps + 1)

    def _begin(self, run: Any, step: int) -> None:
        """Starts a file for a run whose next logged line is that of `step`, or of a later one."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UsageError("GANZOO_TENSORBOARD=1 needs tensorboard: pip install 'ganzoo-core[tensorboard]'") from None
        folder = run.folder / "tensorboard"
        written = any(folder.glob("events.*"))
        lines = [line for line in run.scalar_lines() if line["step"] < step][-1:]
        since = int(lines[0]["step"]) if lines and written else 0
        self._writer = SummaryWriter(str(folder), purge_step=since if written else None)
        self._step, self._scored = -1, since - 1
        self._sample = run.newest_sample if _step_of(run.newest_sample) < since else None
        for line in lines:
            self._add_scalars(since, line)

    def add(self, run: Any, step: int, scalars: Mapping[str, float]) -> None:
        """The values of one step by name, without counters; on disk before the run continues."""
        if step <= self._step:  # the run was rolled back
            self._writer.close()
            self._begin(run, step)
        self._add_scalars(step, scalars)
        self._add_scores(run)
        self._add_sample(run)
        self._writer.flush()

    def close(self, run: Any) -> None:
        """Writes what came after the last step, then flushes everything to disk."""
        self._add_scores(run)
        self._add_sample(run)
        self._writer.close()

    def _add_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        self._step = step
        for name, value in scalars.items():
            if name not in _COUNTERS:
                self._writer.add_scalar(name, value, step)

    def _add_scores(self, run: Any) -> None:
        """The scores taken since the last call."""
        for evaluation in run.scores():
            if evaluation.step > self._scored:
                self._scored = evaluation.step
                values = {evaluation.protocol.metric: evaluation.score.value, **evaluation.others}
                for name, value in values.items():
                    self._writer.add_scalar(f"score/{name}", value, evaluation.step)

    def _add_sample(self, run: Any) -> None:
        if run.newest_sample is not None and run.newest_sample != self._sample:
            self._sample = run.newest_sample
            with Image.open(self._sample) as image:
                self._writer.add_image("samples", np.asarray(image), _step_of(self._sample), dataformats="HWC")


def _step_of(sample: Path | None) -> int:
    """The step of a sample grid, by its name; -1 where there is none."""
    return int(sample.stem.rpartition("-")[2]) if sample else -1


def open_board(run: Any) -> None:
    """Starts the event file of a run; a resumed run continues in a new file beside the old one."""
    _boards[run.folder] = Board(run)


def board_of(run: Any) -> Board:
    """The open board of a run."""
    return _boards[run.folder]


def close_board(run: Any) -> None:
    """Ends the event file of a run."""
    _boards.pop(run.folder).close(run)
