"""Writes logged lines, sample grids and checkpoints during training, from the main process."""

import math
import shutil
from collections.abc import Callable, Iterator, Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ganzoo.batch import Batch, example_labels
from ganzoo.config.units import Size
from ganzoo.data.images import grid, pair_columns
from ganzoo.data.scale import in_multiples
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.crashes import crash_point
from ganzoo.engine.trainer import Trainer, diverged
from ganzoo.errors import DivergedError, StorageError, one_line
from ganzoo.io.files import replacing
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from ganzoo.translator import Translator

SAMPLES = 64
WHOLE_SAMPLES = 6
ATTEMPTS = 5
"""Consecutive checkpoints that may fail, on a disk that is full for a while, before the run ends."""


class Outputs:
    """The files of one run. `saved` is the step of its newest checkpoint, or -1."""

    def __init__(self, run: Run, trainer: Trainer, view: View, saved: int) -> None:
        self.run = run
        self.trainer = trainer
        self.view = view
        self.saved = saved
        self._processes = trainer.processes
        self._failed = 0
        self._noticed = False

    def log(self, scalars: Mapping[str, float]) -> None:
        """Writes a line of scalars.jsonl. If the disk can't take it, the view hears of it once."""
        self.attempt(lambda: self.run.log(scalars))

    def moment(self, moment: Mapping[str, object]) -> None:
        """Writes a line of timeline.jsonl, from which the run can be reproduced."""
        if self._processes.is_main:
            self.attempt(lambda: self.run.log_moment(moment))

    def sample(self) -> None:
        """Draws a grid from the same noise or photos at every step, so that the grids can be compared."""
        if self._processes.is_main:
            self.attempt(self._draw_samples)

    def save(self, seconds: float, *, last: bool = False) -> bool:
        """Publishes a checkpoint unless this step has one. Returns whether it has one now.

        If the disk fails, the view hears of it and the next interval tries again; the `last` save must succeed. Raises
        DivergedError when a value is not finite, LostError when the processes no longer compute the same, StorageError
        when the checkpoint can't be written and may not fail any more.
        """
        step = self.trainer.rounds
        if self.saved == step:
            return True
        self._processes.check_same(dict(self.trainer.gan.named_parameters()), step)
        average = self.trainer.average
        for network in (self.trainer.gan, *([average.network] if average is not None else [])):
            self._processes.sync_buffers(network)
        scalars = self._processes.average_scalars(self.trainer.scalars())
        taken = snapshot.take(self.trainer, seconds, scalars) if self._processes.is_main else None
        problem = _not_finite(taken) if taken else ""
        if self._processes.any(bool(problem)):
            raise DivergedError(diverged(self._processes.first_message(problem), step))
        failed = taken is not None and not self._published(step, taken, last=last)
        # Otherwise the others would take this step for saved, and not try again with the main process.
        if self._processes.any(failed):
            return False
        self.saved = step
        return True

    def prove(self, seconds: float) -> None:
        """Checks that samples and enough checkpoints can be written, before any time is spent on training."""
        if self.trainer.rounds == 0 and self._processes.is_main:
            self._draw_samples()
        self.save(seconds, last=True)
        if self._processes.is_main and (shortage := self._shortage()):
            self.view.notice(shortage)

    def keep_diverged_batch(self) -> None:
        """Writes the batch on which the training diverged to the folder diverged/, for inspection."""
        batch = self.trainer.diverged_batch
        if batch is None:
            return
        tensors = {"target": batch.target, "source": batch.source, "label": batch.label}
        found = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items() if tensor is not None}

        def write() -> None:
            folder = self.run.folder / "diverged"
            folder.mkdir(exist_ok=True)
            name = f"step-{self.trainer.rounds + 1:06d}-process-{self._processes.rank}.safetensors"
            with replacing(folder / name) as draft:
                save_file(found, draft)

        self.attempt(write)

    def attempt(self, write: Callable[[], None]) -> None:
        """Writes a file that the run can do without. The first failure is a notice; only checkpoints end a run."""
        try:
            write()
        except (StorageError, OSError, SafetensorError) as error:
            if not self.run.folder.is_dir():
                raise StorageError(f"the run folder '{self.run.folder}' is gone") from error
            if not self._noticed:
                self.view.notice(f"{error}; training continues without it")
            self._noticed = True

    def _published(self, step: int, taken: Checkpoint, *, last: bool) -> bool:
        self.attempt(self.run.sync_logs)  # a run resumes after the lines before the checkpoint, so they must be there
        try:
            checkpoint.save(self.run.checkpoints, step, taken, self.run.configuration.settings.keep)
        except StorageError as error:
            self._failed += 1
            if last or self._failed >= ATTEMPTS or not self.run.folder.is_dir():
                raise
            self.view.notice(f"{error}; training continues, and the next checkpoint is tried at its time")
            return False
        self._failed = 0
        return True

    def _shortage(self) -> str:
        """A warning when the disk has no room for all checkpoints that are to be kept."""
        settings = self.run.configuration.settings
        folder = self.run.checkpoints / checkpoint.name_of(self.saved)
        one = sum(file.stat().st_size for file in folder.iterdir())
        # One more is written while the oldest is still there, and the best is kept in addition.
        more = settings.keep + (settings.score_every is not None)
        free = shutil.disk_usage(folder).free
        if free >= more * one:
            return ""
        return (
            f"the disk is nearly full: {settings.keep} checkpoints of {one / 1e6:,.1f} MB are kept and one more is"
            f" written meanwhile, but {free / 1e6:,.1f} MB are free. Make room, or give a smaller --keep"
        )

    def _draw_samples(self) -> None:
        crash_point("before-sample")
        batch = self._sample_batch()
        images, columns = self.trainer.draw(batch), None
        if batch.source is not None:  # each photo beside its painting
            images = torch.stack([batch.source, images], dim=1).flatten(0, 1)
            columns = pair_columns(images)
        path = self.run.samples / f"step-{self.trainer.rounds:06d}.png"
        try:
            with replacing(path) as draft:
                grid(images, columns).save(draft)
                crash_point("during-sample")
        except OSError as error:
            raise StorageError(f"can't write '{path}': {one_line(error)}") from None
        self.run.newest_sample = path

    def _sample_batch(self) -> Batch:
        """The same noise, or the same photos, and labels in turn each time."""
        trainer, settings = self.trainer, self.run.configuration.settings
        size, most = _shown(trainer, settings.size)
        source = trainer.batches.unseen_sources(most, size)
        count = SAMPLES if source is None else len(source)
        blank = torch.zeros((), device=trainer.device).expand(count, 3, size.height, size.width)
        rng = torch.Generator().manual_seed(settings.seed)
        label = example_labels(count, trainer.data.images.attributes)
        if label is not None:
            label = label.to(trainer.device)
        return Batch(blank, rng, source=source, label=label, progress=1.0)


def _shown(trainer: Trainer, size: Size) -> tuple[Size, int]:
    """The size of the photos in a grid, and how many there are at most.

    A translator that learns from crops paints a few photos whole at the size at which they are kept.
    """
    sources, gan = trainer.data.sources, trainer.gan
    if trainer.batches.crop is None or sources is None or not isinstance(gan, Translator):
        return size, SAMPLES // 2
    return in_multiples(Size(*sources.pixels.shape[1:3]), gan.size_multiple), WHOLE_SAMPLES


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
    """The first value that is NaN or infinite, in words; empty where all are finite."""
    return next((f"'{name}' is {value}" for name, value in values.items() if not math.isfinite(value)), "")
