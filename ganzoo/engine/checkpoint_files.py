"""The files of one checkpoint: safetensors and JSON, with a manifest of sizes and hashes. No pickle anywhere."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from ganzoo.engine.crashes import crash_point
from ganzoo.errors import StorageError
from ganzoo.io.files import sync_file, sync_folder
from ganzoo.io.untrusted import read_json
from ganzoo.weights.files import load as load_tensors

SCHEMA = 3
"""The version of state.json. 2 added the number of setbacks, which 3 calls rollbacks."""
_MANIFEST = "MANIFEST.json"
_STATE = "state.json"
_ENDING = ".safetensors"
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_MOST_FILES = 100


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The content of a checkpoint: named tensors in groups ("weights", "ema", "train"), and a JSON state."""

    tensors: Mapping[str, Mapping[str, Tensor]]
    state: Mapping[str, Any]


def write(draft: Path, checkpoint: Checkpoint) -> None:
    """Writes all files of a checkpoint to an empty folder, and makes them survive a power cut."""
    for group, tensors in checkpoint.tensors.items():
        # safetensors needs contiguous tensors that share no memory.
        plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        save_file(plain, draft / f"{group}{_ENDING}")
        crash_point("between-files")
    state = {"schema": SCHEMA, **checkpoint.state}
    (draft / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
    crash_point("before-manifest")
    manifest = {file.name: _fingerprint(file) for file in sorted(draft.iterdir())}
    (draft / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for file in draft.iterdir():
        sync_file(file)
    sync_folder(draft)


def size_of(checkpoint: Checkpoint) -> int:
    """The bytes that its tensors take on disk. The JSON beside them is negligible."""
    return sum(tensor.nbytes for tensors in checkpoint.tensors.values() for tensor in tensors.values())


def verify(path: Path) -> frozenset[str]:
    """The names of the files, after each was compared with the manifest. Raises ValueError when one differs."""
    manifest = read_json(path / _MANIFEST)
    if len(manifest) > _MOST_FILES:
        raise ValueError(f"{_MANIFEST} names {len(manifest):,} files, a checkpoint has a handful")
    for name, expected in manifest.items():
        if not _FILE.fullmatch(name):
            raise ValueError(f"{_MANIFEST} names {name!r}, which is not a file of a checkpoint")
        file = path / name
        if not stat.S_ISREG(os.lstat(file).st_mode):
            raise ValueError(f"{name} is not an ordinary file")
        sized = isinstance(expected, dict) and file.stat().st_size == expected.get("size")
        if not sized or _fingerprint(file) != expected:
            raise ValueError(f"{name} does not have the size and sha256 that the manifest names")
    return frozenset(manifest)


def read(
    path: Path, groups: Iterable[str], files: frozenset[str], like: Mapping[str, Mapping[str, Tensor]]
) -> Checkpoint:
    """The state and those of the groups that are among the verified files. Other files are ignored."""
    if _STATE not in files:
        raise ValueError(f"{_MANIFEST} does not name {_STATE}")
    state = _migrated(read_json(path / _STATE), path)
    kept = [group for group in groups if f"{group}{_ENDING}" in files]
    tensors = {group: load_tensors(path / f"{group}{_ENDING}", like.get(group)) for group in kept}
    return Checkpoint(tensors=tensors, state=state)


def _fingerprint(file: Path) -> dict[str, object]:
    with file.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "size": file.stat().st_size}


def _migrated(state: dict[str, Any], path: Path) -> dict[str, Any]:
    """The state in the form in which this version writes it.

    Raises StorageError for a state of a newer version, ValueError for one that no version wrote.
    """
    written = state.get("schema")
    if not isinstance(written, int) or written < 1:
        raise ValueError(f"{_STATE} has schema {written!r}")
    if written > SCHEMA:
        raise StorageError(
            f"'{path}' was written by a newer ganzoo (schema {written}, this one reads up to {SCHEMA}):"
            " update with pip install --upgrade ganzoo-core"
        )
    for schema in range(written, SCHEMA):
        state = _MIGRATIONS[schema](state)
    return state


def _rename_setbacks(state: dict[str, Any]) -> dict[str, Any]:
    return {("rollbacks" if name == "setbacks" else name): value for name, value in state.items()}


_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda state: {**state, "setbacks": 0},
    2: _rename_setbacks,
}
"""What changes a state of an older schema into one of the next."""
