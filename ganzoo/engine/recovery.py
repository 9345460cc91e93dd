"""Rolls a run that has diverged back to its last checkpoint, at half the learning rate, a few times."""

from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.outputs import Outputs
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DivergedError, StorageError
from ganzoo.runs.folder import Run
from ganzoo.runs.paths import LATEST
from ganzoo.runs.view import View

ADVICE = "Try a smaller --set lr=…, or another loss"


class DivergenceRecovery:
    """Rolls one run back to its last checkpoint. Only the time that was spent stays as it is."""

    def __init__(self, run: Run, trainer: Trainer, outputs: Outputs, view: View) -> None:
        self.run = run
        self.trainer = trainer
        self.outputs = outputs
        self.view = view

    def roll_back(self, error: DivergedError) -> None:
        """Goes back on all processes. Raises the error when the allowed number of rollbacks is used up."""
        self.outputs.keep_diverged_batch()
        rollbacks = self.trainer.rollbacks + 1
        allowed = self.run.configuration.settings.rollbacks
        if rollbacks > allowed:
            tried = f" after {allowed} rollbacks to a checkpoint, each at half the rate" if allowed else ""
            raise DivergedError(f"{error}{tried}; the last checkpoint before it is kept. {ADVICE}") from error
        go_back(self.run, self.trainer, self.view)
        self.trainer.rollbacks = rollbacks
        self.outputs.saved = self.trainer.rounds
        self.view.notice(
            f"{error}: back to the checkpoint of step {self.trainer.rounds}, at half the learning rate from there on"
            f" (rollback {rollbacks} of at most {allowed})"
        )


def go_back(run: Run, trainer: Trainer, view: View) -> float:
    """Restores run and trainer from the newest good checkpoint, and removes what is later. Returns its training time.

    The main process finds the checkpoint and cleans up before the others read it. Raises StorageError when there is no
    good checkpoint.
    """
    processes = trainer.processes
    trainer.diverged_batch = None
    if not processes.is_main:
        which = int(processes.all_reduce_max([-1.0])[0])
        return snapshot.restore(trainer, _load(run, trainer, str(which))[1])
    step, saved, problems = _load(run, trainer, LATEST)
    for problem in problems:
        view.notice(problem)
    checkpoint.set_aside_after(run.checkpoints, step)
    run.forget_after(step)
    processes.all_reduce_max([float(step)])
    return snapshot.restore(trainer, saved)


def _load(run: Run, trainer: Trainer, which: str) -> tuple[int, Checkpoint, tuple[str, ...]]:
    """A checkpoint with weights like the trainer's. Optimisers, which have no state at first, are not compared."""
    like = {"weights": trainer.gan.state_dict()}
    if trainer.average is not None:
        like["ema"] = trainer.average.state()
    step, saved, problems = checkpoint.load(run.checkpoints, snapshot.GROUPS, which, like)
    if saved.state.get("step") != step:
        raise StorageError(f"checkpoint '{checkpoint.name_of(step)}' belongs to another step, by its own state")
    return step, saved, problems
