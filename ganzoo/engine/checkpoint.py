"""The checkpoints of a run: published by one rename, pruned, and found again; LATEST and BEST point to two of them."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import safetensors
from torch import Tensor

from ganzoo.engine.checkpoint_files import Checkpoint, read, size_of, verify, write
from ganzoo.engine.crashes import crash_point
from ganzoo.errors import StorageError, one_line
from ganzoo.io.files import clear, sweep_drafts, sync_folder, write_atomically
from ganzoo.runs.paths import BEST, LATEST

_MOST_NAME = 1000
_NAME = re.compile(r"step-([0-9]{6,18})")


def name_of(step: int) -> str:
    """The name of the folder with the checkpoint of that step."""
    return f"step-{step:06d}"


def save(folder: Path, step: int, checkpoint: Checkpoint, keep: int) -> Path:
    """Publishes the checkpoint below `folder`, points LATEST to it and removes all but the best and the `keep` newest.

    A good checkpoint of the same step is left as it is. Raises StorageError when the checkpoint can't be written; older
    ones are untouched then.
    """
    final = folder / name_of(step)
    draft = folder / f".{final.name}.part"
    crash_point("before-write")
    try:
        clear(draft)
        folder.mkdir(exist_ok=True)  # not its parents: a deleted run folder must not be created again, empty
        if not _whole(final):  # it is whole where the last save failed after the rename
            _publish(draft, final, checkpoint)
        crash_point("after-rename")
        write_atomically(folder / LATEST, final.name)
        crash_point("after-latest")
        _prune(folder, keep)
        _sweep(folder)
    except (OSError, safetensors.SafetensorError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        problem = f"{one_line(error)}{_space(folder, checkpoint)}"
        raise StorageError(f"can't write the checkpoint '{final}': {problem}") from error
    return final


def _whole(path: Path) -> bool:
    try:
        return bool(verify(path))
    except (OSError, ValueError):
        return False


def _publish(draft: Path, final: Path, checkpoint: Checkpoint) -> None:
    draft.mkdir()
    write(draft, checkpoint)
    crash_point("before-rename")
    if os.path.lexists(final):  # damaged
        clear(final)
    draft.rename(final)
    sync_folder(final.parent)


def _space(folder: Path, checkpoint: Checkpoint) -> str:
    """The space that is needed and free, for an error that a full disk may have caused."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f" (it takes {size_of(checkpoint) / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are free)"


def steps_in(folder: Path) -> list[int]:
    """The steps of the published checkpoints, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(int(match[1]) for entry in folder.iterdir() if (match := _NAME.fullmatch(entry.name)))


def _sweep(folder: Path) -> None:
    """Removes drafts of killed processes and hidden checkpoints. The lock of the run keeps other processes out."""
    for stray in (*folder.glob(".step-*.part"), *folder.glob(".step-*.aside")):
        clear(stray)
    sweep_drafts(folder)


def _prune(folder: Path, keep: int) -> None:
    best = best_step(folder)
    for step in steps_in(folder)[:-keep]:
        if step != best:
            # Renamed first: a folder that is half removed would look like a damaged checkpoint.
            aside = _aside(folder, step)
            crash_point("during-prune")
            shutil.rmtree(aside, ignore_errors=True)  # what can't be removed now is removed with the next one


def mark_best(folder: Path, step: int) -> None:
    """Points BEST to a published checkpoint, which is then kept. Raises StorageError when it can't be written."""
    try:
        write_atomically(folder / BEST, name_of(step))
    except OSError as error:
        raise StorageError(f"can't write '{folder / BEST}': {one_line(error)}") from error


def best_step(folder: Path) -> int | None:
    """The step that BEST points to, or None where there is no best yet."""
    match = _NAME.fullmatch(_named_by(folder / BEST))
    return int(match[1]) if match else None


def set_aside_after(folder: Path, step: int) -> None:
    """Hides the checkpoints of later steps, which a run resumed from `step` writes again.

    The next successful save deletes them, and nothing does before: until then they may be all that is left of those
    steps. Raises StorageError when the folder can't be changed.
    """
    try:
        if (best_step(folder) or 0) > step:
            (folder / BEST).unlink()
        for later in steps_in(folder):
            if later > step:
                _aside(folder, later)
        if not _points_to(folder / LATEST, step):  # written only if needed: a full disk must not prevent a resume
            write_atomically(folder / LATEST, name_of(step))
    except OSError as error:
        raise StorageError(f"can't roll '{folder}' back to step {step}: {one_line(error)}") from error


def _points_to(pointer: Path, step: int) -> bool:
    return _named_by(pointer) == name_of(step)


def _named_by(pointer: Path) -> str:
    """What LATEST or BEST holds; nothing where there is none. It may be any file of others, so little of it is read."""
    if not pointer.is_file():
        return ""
    with pointer.open("rb") as stream:
        return stream.read(_MOST_NAME).decode(errors="replace").strip()


def _aside(folder: Path, step: int) -> Path:
    aside = folder / f".{name_of(step)}.aside"
    clear(aside)
    (folder / name_of(step)).rename(aside)
    return aside


def load(
    folder: Path, groups: Iterable[str], which: str = LATEST, like: Mapping[str, Mapping[str, Tensor]] | None = None
) -> tuple[int, Checkpoint, tuple[str, ...]]:
    """The checkpoint `which` ("LATEST", "BEST" or the number of a step), with the tensor groups asked for.

    `like` are tensors by group and name. Those of the file must have the same names, shapes and types, which is checked
    before memory is allocated. Returns the step, the content and a sentence for each newer checkpoint that is damaged
    and was skipped. Raises StorageError when no checkpoint is good.
    """
    problems: list[str] = []
    for step in _candidates(folder, which):
        path = folder / name_of(step)
        try:
            return step, read(path, groups, verify(path), like or {}), tuple(problems)
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            problems.append(f"checkpoint '{path.name}' is damaged and was skipped: {one_line(error)}")
        except OSError as error:  # an error of the disk, not of the checkpoint: an older one would not help
            raise StorageError(f"can't read '{path}': {one_line(error)}") from error
    raise StorageError("; ".join(problems))


def _candidates(folder: Path, which: str) -> list[int]:
    """The steps of the checkpoints to try, in that order. Raises StorageError when there are none."""
    known = steps_in(folder)
    if which == BEST:
        if (best := best_step(folder)) is None:
            raise StorageError(f"no checkpoint in '{folder}' is known as the best: train with --score-every")
        which = str(best)
    wanted = known[::-1] if which == LATEST else [step for step in known if which in (str(step), name_of(step))]
    if not wanted:
        asked = "" if which == LATEST else f" of step {which}"
        raise StorageError(f"no checkpoint{asked} in '{folder}'; there are: {', '.join(map(str, known)) or 'none'}")
    return wanted
