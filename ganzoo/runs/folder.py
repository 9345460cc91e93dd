"""A run, and what it writes to its folder: logged lines, scores, its timeline and its summary."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Progress
from ganzoo.errors import StorageError, one_line
from ganzoo.io.files import sweep_drafts, sync_file, write_atomically
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import append_line, keep_until, recorded_scalars, recorded_scores
from ganzoo.runs.paths import PAINTED, SCALARS, SCORES, SUMMARY, TIMELINE, file_name

LOGS = (SCALARS, SCORES, PAINTED, TIMELINE)


@dataclass(kw_only=True)
class Run:
    """A run as plugins and users see it. Its `outcome` is empty until it ends."""

    folder: Path
    """The run folder."""
    configuration: Configuration
    """Every setting; `configuration.values()` has them by name, ready for JSON."""
    progress: Progress = field(default_factory=Progress)
    """How far it has come."""
    newest_sample: Path | None = None
    """The newest grid of samples, if there is one."""
    outcome: str = ""
    """How it ended, such as "done"; empty until then."""
    scalars: dict[str, float] = field(default_factory=dict)
    """The values of the last logged step."""
    records_probabilities: bool = False
    """Whether D(real) and D(fake) among the scalars are probabilities, as they are for a loss on logits."""

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def samples(self) -> Path:
        """The folder of the sample grids."""
        return self.folder / "samples"

    def make_folders(self) -> None:
        """Creates the folders for samples and checkpoints. Raises StorageError when it can't."""
        try:
            for folder in (self.samples, self.checkpoints):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"can't write to '{file_name(self.folder)}': {one_line(error)}") from error

    def log(self, scalars: Mapping[str, float]) -> None:
        """Appends a line to scalars.jsonl. Raises StorageError when it can't."""
        self.scalars = dict(scalars)
        append_line(self.folder / SCALARS, self.scalars)

    def log_score(self, evaluation: Evaluation) -> None:
        """Appends a line to scores.jsonl. Raises StorageError when it can't."""
        progress = self.progress
        counters = {"images": progress.images, "seconds": round(progress.seconds, 3)}
        append_line(self.folder / SCORES, {**evaluation.to_dict(), **counters})

    def log_moment(self, moment: Mapping[str, object]) -> None:
        """Appends a line to timeline.jsonl. Raises StorageError when it can't."""
        append_line(self.folder / TIMELINE, moment)

    def scores(self) -> list[Evaluation]:
        """The scores taken so far, oldest first. Raises StorageError when scores.jsonl is damaged."""
        return recorded_scores(self.folder)

    def scalar_lines(self) -> list[dict[str, float]]:
        """The lines of scalars.jsonl, without one that a crash cut off; of more than 32 MB a part, evenly spread."""
        return recorded_scalars(self.folder)

    def write_summary(self, summary: Mapping[str, object]) -> None:
        """Writes summary.json: how the run ended. Raises StorageError when it can't."""
        try:
            write_atomically(self.folder / SUMMARY, json.dumps(summary, indent=1) + "\n")
        except OSError as error:
            raise StorageError(f"can't write '{file_name(self.folder)}/{SUMMARY}': {one_line(error)}") from None

    def sync_logs(self) -> None:
        """Makes the logged lines survive a power cut. Raises OSError when it can't."""
        for path in (self.folder / name for name in LOGS):
            if path.is_file():
                sync_file(path)

    def forget_after(self, step: int) -> None:
        """Removes logged lines, scores and samples of later steps, which a run resumed from `step` writes again.

        Raises StorageError when it can't.
        """
        try:
            self._forget_after(step)
        except OSError as error:
            raise StorageError(
                f"can't roll '{file_name(self.folder)}' back to step {step}: {one_line(error)}"
            ) from error

    def _forget_after(self, step: int) -> None:
        for path in (self.folder / name for name in LOGS):
            keep_until(path, step)
        (self.folder / SUMMARY).unlink(missing_ok=True)
        for sample in self.samples.glob("step-*.png"):
            number = sample.stem.removeprefix("step-")
            if number.isdecimal() and int(number) > step:
                sample.unlink()
        for draft in self.samples.glob(".step-*.png.part"):  # of older versions
            draft.unlink()
        for folder in (self.folder, self.samples):
            sweep_drafts(folder)
        self.newest_sample = max(self.samples.glob("step-*.png"), default=None, key=lambda path: (len(path.name), path))
