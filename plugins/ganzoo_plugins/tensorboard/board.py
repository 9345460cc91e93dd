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
    """Writes to RUN/tensorboard/. Raises UsageError when the package tensorboard is missing."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UsageError("GANZOO_TENSORBOARD=1 needs tensorboard: pip install 'ganzoo-core[tensorboard]'") from None
        self._writer = SummaryWriter(str(folder / "tensorboard"))
        self._sample: Path | None = None
        self._scored = -1

    def add(self, run: Any, step: int, scalars: Mapping[str, float]) -> None:
        """The values of one step by name, without counters."""
        for name, value in scalars.items():
            if name not in _COUNTERS:
                self._writer.add_scalar(name, value, step)
        self._add_scores(run)
        self._add_sample(run, step)

    def close(self, run: Any) -> None:
        """Writes what came after the last step, then flushes everything to disk."""
        self._add_scores(run)
        self._add_sample(run, run.progress.steps)
        self._writer.close()

    def _add_scores(self, run: Any) -> None:
        """The scores taken since the last call."""
        for evaluation in run.scores():
            if evaluation.step > self._scored:
                self._scored = evaluation.step
                values = {evaluation.protocol.metric: evaluation.score.value, **evaluation.others}
                for name, value in values.items():
                    self._writer.add_scalar(f"score/{name}", value, evaluation.step)

    def _add_sample(self, run: Any, step: int) -> None:
        if run.newest_sample is not None and run.newest_sample != self._sample:
            self._sample = run.newest_sample
            with Image.open(self._sample) as image:
                self._writer.add_image("samples", np.asarray(image), step, dataformats="HWC")


def open_board(run: Any) -> None:
    """Starts the event file of a run; a resumed run continues in a new file beside the old one."""
    _boards[run.folder] = Board(run.folder)


def board_of(run: Any) -> Board:
    """The open board of a run."""
    return _boards[run.folder]


def close_board(run: Any) -> None:
    """Ends the event file of a run."""
    _boards.pop(run.folder).close(run)
