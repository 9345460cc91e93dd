"""Checkpoints: a folder of safetensors and JSON with a manifest, published by one rename. No pickle anywhere."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load_file, save_file
from torch import Tensor

from ganzoo.engine.crashes import crash_point
from ganzoo.errors import StorageError, one_line
from ganzoo.files import sync_file, sync_folder, write_atomically

SCHEMA = 2
"""Of state.json. 2 added the number of setbacks."""
LATEST = "LATEST"
BEST = "BEST"
_MANIFEST = "MANIFEST.json"
_NAME = re.compile(r"step-(\d{6,})")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What is saved: named tensors in groups ("weights", "ema", "train"), and a JSON state."""

    tensors: Mapping[str, Mapping[str, Tensor]]
    state: Mapping[str, Any]


def name_of(step: int) -> str:
    """The folder's name of that step's checkpoint."""
    return f"step-{step:06d}"


def save(folder: Path, step: int, checkpoint: Checkpoint, keep: int) -> Path:
    """Publishes the checkpoint below `folder`, points LATEST to it and removes all but the `keep` newest.

    There must be none of that step yet. Raises StorageError when it can't be written; older ones are then untouched.
    """
    final = folder / name_of(step)
    draft = folder / f".{final.name}.part"
    crash_point("before-write")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        folder.mkdir(exist_ok=True)  # not its parents: a run folder that is gone must not come back as an empty one
        draft.mkdir()
        _write(draft, checkpoint)
        crash_point("before-rename")
        draft.rename(final)
        sync_folder(folder)
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


def _write(draft: Path, checkpoint: Checkpoint) -> None:
    for group, tensors in checkpoint.tensors.items():
        # safetensors wants contiguous tensors that share no memory.
        plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        save_file(plain, draft / f"{group}.safetensors")
        crash_point("between-files")
    state = {"schema": SCHEMA, **checkpoint.state}
    (draft / "state.json").write_text(json.dumps(state, indent=1))
    crash_point("before-manifest")
    manifest = {file.name: _fingerprint(file) for file in sorted(draft.iterdir())}
    (draft / _MANIFEST).write_text(json.dumps(manifest, indent=1))
    for file in draft.iterdir():
        sync_file(file)
    sync_folder(draft)


def size_of(checkpoint: Checkpoint) -> int:
    """Bytes that its tensors take on disk; the JSON beside them is next to nothing."""
    return sum(tensor.nbytes for tensors in checkpoint.tensors.values() for tensor in tensors.values())


def _space(folder: Path, checkpoint: Checkpoint) -> str:
    """What is needed and what is free, where the disk may be the reason."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f" (it takes {size_of(checkpoint) / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are free)"


def _fingerprint(file: Path) -> dict[str, object]:
    with file.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "size": file.stat().st_size}


def steps_in(folder: Path) -> list[int]:
    """Steps of the published checkpoints, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(int(match[1]) for entry in folder.iterdir() if (match := _NAME.fullmatch(entry.name)))


def _sweep(folder: Path) -> None:
    """Removes drafts that a killed process left, and what was set aside; the run's lock keeps living ones out."""
    for stray in (*folder.glob(".step-*.part"), *folder.glob(".step-*.aside")):
        shutil.rmtree(stray)


def _prune(folder: Path, keep: int) -> None:
    best = best_step(folder)
    for step in steps_in(folder)[:-keep]:
        if step != best:
            # Away with the name first: a folder half removed would look like a damaged checkpoint.
            aside = _aside(folder, step)
            crash_point("during-prune")
            shutil.rmtree(aside)


def mark_best(folder: Path, step: int) -> None:
    """Points BEST to a published checkpoint, which is kept from then on. Raises StorageError when it can't."""
    try:
        write_atomically(folder / BEST, name_of(step))
    except OSError as error:
        raise StorageError(f"can't write '{folder / BEST}': {one_line(error)}") from error


def best_step(folder: Path) -> int | None:
    """The step that BEST points to, or None without one."""
    file = folder / BEST
    match = _NAME.fullmatch(file.read_text().strip()) if file.is_file() else None
    return int(match[1]) if match else None


def set_aside_after(folder: Path, step: int) -> None:
    """Hides the checkpoints of later steps, which a run resumed from `step` makes anew.

    They are deleted by the next successful save, not before: until then they may be all that is left of those steps.
    """
    if (best_step(folder) or 0) > step:
        (folder / BEST).unlink()
    for later in steps_in(folder):
        if later > step:
            _aside(folder, later)
    write_atomically(folder / LATEST, name_of(step))


def _aside(folder: Path, step: int) -> Path:
    aside = folder / f".{name_of(step)}.aside"
    shutil.rmtree(aside, ignore_errors=True)
    (folder / name_of(step)).rename(aside)
    return aside


def load(folder: Path, groups: Iterable[str], which: str = LATEST) -> tuple[int, Checkpoint, tuple[str, ...]]:
    """The checkpoint `which` ("LATEST", "BEST" or a step's number), with the tensor groups asked for.

    Gives its step, its content and a sentence for each newer checkpoint that is damaged and was passed over. Raises
    StorageError when none is good.
    """
    known = steps_in(folder)
    if which == BEST:
        if (best := best_step(folder)) is None:
            raise StorageError(f"no checkpoint in '{folder}' is known as the best: train with --score-every")
        which = str(best)
    wanted = known[::-1] if which == LATEST else [step for step in known if which in (str(step), name_of(step))]
    if not wanted:
        asked = "" if which == LATEST else f" of step {which}"
        raise StorageError(f"no checkpoint{asked} in '{folder}'; there are: {', '.join(map(str, known)) or 'none'}")
    problems: list[str] = []
    for step in wanted:
        path = folder / name_of(step)
        try:
            _verify(path)
            return step, _read(path, groups), tuple(problems)
        except (FileNotFoundError, ValueError, safetensors.SafetensorError) as error:
            problems.append(f"checkpoint '{path.name}' is damaged and passed over: {one_line(error)}")
        except OSError as error:  # the disk's trouble, not the checkpoint's: an older one would not help
            raise StorageError(f"can't read '{path}': {one_line(error)}") from error
    raise StorageError("; ".join(problems))


def _verify(path: Path) -> None:
    manifest = json.loads((path / _MANIFEST).read_text())
    for name, expected in manifest.items():
        if _fingerprint(path / name) != expected:
            raise ValueError(f"{name} does not have the size and sha256 of its manifest")


def _read(path: Path, groups: Iterable[str]) -> Checkpoint:
    state = _migrated(json.loads((path / "state.json").read_text()), path)
    files = {group: path / f"{group}.safetensors" for group in groups}
    return Checkpoint(tensors={group: load_file(file) for group, file in files.items() if file.is_file()}, state=state)


def _migrated(state: dict[str, Any], path: Path) -> dict[str, Any]:
    """The state as this version writes it. Raises StorageError for one that a newer version wrote."""
    if state["schema"] > SCHEMA:
        raise StorageError(
            f"'{path}' was written by a newer ganzoo (schema {state['schema']}, this one reads up to {SCHEMA}):"
            " update with pip install --upgrade ganzoo-core"
        )
    for schema in range(state["schema"], SCHEMA):
        state = _MIGRATIONS[schema](state)
    return state


_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: lambda state: {**state, "setbacks": 0}}
"""From each older schema to the next."""
