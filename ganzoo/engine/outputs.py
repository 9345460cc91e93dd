"""What a run writes while it trains: logged lines, sample grids and checkpoints. One process of several does."""

import math
import shutil
from collections.abc import Callable, Iterator, Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ganzoo.batch import Batch, example_labels
from ganzoo.data.images import grid, pair_columns
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.checkpoint import Checkpoint
from ganzoo.engine.trainer import Trainer, diverged
from ganzoo.errors import DivergedError, StorageError, one_line
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View

SAMPLES = 64
ATTEMPTS = 5
"""Checkpoints in a row that may fail, on a disk that is full for a while, before the run ends."""


class Outputs:
    """The files of one run; `saved` is the step of its newest checkpoint, -1 without one."""

    def __init__(self, run: Run, trainer: Trainer, view: View, saved: int) -> None:
        self.run = run
        self.trainer = trainer
        self.view = view
        self.saved = saved
        self._processes = trainer.processes
        self._failed = 0
        self._told = False

    def log(self, scalars: Mapping[str, float]) -> None:
        """A line of scalars.jsonl; a disk that can't take it is told once."""
        self.attempt(lambda: self.run.log(scalars))

    def moment(self, moment: Mapping[str, object]) -> None:
        """A line of timeline.jsonl, from which the run can be made again."""
        if self._processes.is_main:
            self.attempt(lambda: self.run.log_moment(moment))

    def sample(self) -> None:
        """A grid from the same noise, or the same photos, at every step: the pictures can be watched growing."""
        if self._processes.is_main:
            self.attempt(self._draw_samples)

    def save(self, seconds: float, *, last: bool = False) -> bool:
        """Publishes a checkpoint unless this step has one; says whether it has one now.

        A disk that fails is told and tried again at the next interval, but the `last` one must succeed. Raises
        DivergedError when a value is not finite, LostError when the processes no longer compute the same, StorageError.
        """
        step = self.trainer.rounds
        if self.saved == step:
            return True
        self._processes.check_same(dict(self.trainer.gan.named_parameters()), step)
        average = self.trainer.average
        for network in (self.trainer.gan, *([average.network] if average is not None else [])):
            self._processes.sync_buffers(network)
        taken = snapshot.take(self.trainer, seconds) if self._processes.is_main else None
        problem = _not_finite(taken) if taken else ""
        if self._processes.any(bool(problem)):
            raise DivergedError(diverged(self._processes.first_message(problem), step))
        failed = taken is not None and not self._published(step, taken, last=last)
        # Or the others would take this step for saved, and not try again with the first.
        if self._processes.any(failed):
            return False
        self.saved = step
        return True

    def prove(self, seconds: float) -> None:
        """Samples and checkpoints can be written, and enough of them: told before any time is spent on training."""
        if self.trainer.rounds == 0 and self._processes.is_main:
            self._draw_samples()
        self.save(seconds, last=True)
        if self._processes.is_main and (shortage := self._shortage()):
            self.view.notice(shortage)

    def keep_diverged_batch(self) -> None:
        """Writes the batch on which the training diverged to diverged/, to look into."""
        batch = self.trainer.diverged_batch
        if batch is None:
            return
        tensors = {"target": batch.target, "source": batch.source, "label": batch.label}
        found = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items() if tensor is not None}

        def write() -> None:
            folder = self.run.folder / "diverged"
            folder.mkdir(exist_ok=True)
            name = f"step-{self.trainer.rounds + 1:06d}-process-{self._processes.rank}.safetensors"
            save_file(found, folder / name)

        self.attempt(write)

    def attempt(self, write: Callable[[], None]) -> None:
        """Checkpoints decide whether a full disk ends a run; what can be done without is told of once."""
        try:
            write()
        except (StorageError, OSError, SafetensorError) as error:
            if not self.run.folder.is_dir():
                raise StorageError(f"the run folder '{self.run.folder}' is gone") from error
            if not self._told:
                self.view.notice(f"{error}; training goes on without")
            self._told = True

    def _published(self, step: int, taken: Checkpoint, *, last: bool) -> bool:
        try:
            checkpoint.save(self.run.checkpoints, step, taken, self.run.configuration.settings.keep)
        except StorageError as error:
            self._failed += 1
            if last or self._failed >= ATTEMPTS or not self.run.folder.is_dir():
                raise
            self.view.notice(f"{error}; training goes on, and the next one is tried in its turn")
            return False
        self._failed = 0
        return True

    def _shortage(self) -> str:
        """A warning where the disk will not take all the checkpoints that are to be kept."""
        settings = self.run.configuration.settings
        folder = self.run.checkpoints / checkpoint.name_of(self.saved)
        one = sum(file.stat().st_size for file in folder.iterdir())
        # One more is being written while the oldest is still there, and the best is kept beside the newest.
        more = settings.keep + (settings.score_every is not None)
        free = shutil.disk_usage(folder).free
        if free >= more * one:
            return ""
        return (
            f"the disk is nearly full: {settings.keep} checkpoints of {one / 1e6:,.1f} MB are kept and one more is"
            f" written meanwhile, but {free / 1e6:,.1f} MB are free. Make room, or give a smaller --keep"
        )

    def _draw_samples(self) -> None:
        trainer, settings = self.trainer, self.run.configuration.settings
        source = trainer.batches.unseen_sources(SAMPLES // 2)
        count = SAMPLES if source is None else len(source)
        blank = torch.zeros((), device=trainer.device).expand(count, 3, settings.size.height, settings.size.width)
        rng = torch.Generator().manual_seed(settings.seed)
        label = example_labels(count, trainer.data.images.attributes)
        if label is not None:
            label = label.to(trainer.device)
        images = trainer.draw(Batch(blank, rng, source=source, label=label, progress=1.0))
        columns = None
        if source is not None:  # each photo beside what became of it
            images = torch.stack([source, images], dim=1).flatten(0, 1)
            columns = pair_columns(images)
        path = self.run.samples / f"step-{trainer.rounds:06d}.png"
        try:
            grid(images, columns).save(path)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise StorageError(f"can't write '{path}': {one_line(error)}") from None
        self.run.newest_sample = path


def _not_finite(taken: Checkpoint) -> str:
    """The first value that is NaN or infinite, in words."""
    for name, tensor in _numbers(taken):
        if not bool(torch.isfinite(tensor).all()):
            return f"{name} is not finite"
    return ""


def _numbers(taken: Checkpoint) -> Iterator[tuple[str, Tensor]]:
    groups = {"weights": "weight", "ema": "averaged weight", "train": "optimiser's state"}
    for group, tensors in taken.tensors.items():
        for name, tensor in tensors.items():
            if tensor.is_floating_point():
                yield f"{groups[group]} '{name}'", tensor


def not_finite(values: Mapping[str, float]) -> str:
    """The first value that is NaN or infinite, in words; nothing where all is well."""
    return next((f"'{name}' is {value}" for name, value in values.items() if not math.isfinite(value)), "")
