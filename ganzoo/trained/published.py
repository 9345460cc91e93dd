"""Unpacks published models: from one safetensors file to an ordinary run folder in ganzoo's cache.

The header of the file holds the content of run.json that loading needs. The file may be anybody's, so the folder is
read like any run folder of a stranger.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo.catalog.published import Published
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import cache_folder
from ganzoo.io.untrusted import parse_json
from ganzoo.runs.paths import LATEST, RUN_FILE
from ganzoo.weights.fetching import check, fetched
from ganzoo.weights.files import metadata_in, read, sha256

# Only unpacking imports what needs torch: a name that nobody knows is refused before.
if TYPE_CHECKING:
    from torch import Tensor

HEADER = "ganzoo"
"""The key of the file's header under which there is a JSON object: schema, step and run."""
SCHEMA = 1
UNSAID = "/not-published"
"""Where folders of a user lie by the published run.json: their own paths are private, and nobody else has them."""
PUBLISHED = "published"
"""The key of run.json that says so: what it was trained on need not be here."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the header of a published file says: the training step of its weights, and the content of run.json."""

    step: int
    run: Mapping[str, Any]

    def to_header(self) -> dict[str, str]:
        """The header of the file."""
        return {"format": "pt", HEADER: json.dumps({"schema": SCHEMA, "step": self.step, "run": self.run})}


def content_of(file: Path) -> Content | None:
    """What the header of a safetensors file says; None for one that is no published model.

    Raises StorageError for a file that is damaged or of a newer ganzoo.
    """
    try:
        header = metadata_in(file)
        if HEADER not in header:
            return None
        known = parse_json(header[HEADER])
        if known["schema"] != SCHEMA:
            raise StorageError(f"'{file}' has schema {known['schema']!r}, this ganzoo reads {SCHEMA}")
        if not (isinstance(known["step"], int) and 0 <= known["step"] < 2**53 and isinstance(known["run"], dict)):
            raise ValueError("its step or its run is not as ganzoo publishes it")
        return Content(step=known["step"], run=known["run"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"weights '{file}': {one_line(error)}") from None


def folder_of(model: Published) -> Path:
    """The run folder of a published model, which is unpacked when it is first asked for.

    Raises UsageError when its file is missing and can't be fetched, StorageError when the file is not as published.
    """
    folder = _place(model.sha256)
    return folder if _is_whole(folder) else _unpacked(_file_of(model), folder, f"weights '{model.name}'")


def folder_of_file(file: Path) -> Path:
    """The run folder of a published model whose file is given. Raises UsageError for a file that is none."""
    folder = _place(sha256(file))
    return folder if _is_whole(folder) else _unpacked(file, folder, f"'{file}'")


def _place(digest: str) -> Path:
    return cache_folder() / "published" / f"{digest}-{SCHEMA}"


def _file_of(model: Published) -> Path:
    if model.file is None:
        return fetched(model.weights)
    if not model.file.is_file():
        raise UsageError(f"no weights '{model.name}': '{model.file}', which comes with the package, is not there")
    check(model.file, model)
    return model.file


def _is_whole(folder: Path) -> bool:
    from ganzoo.engine.checkpoint_files import verify

    checkpoints = folder / "checkpoints"
    try:
        return (folder / RUN_FILE).is_file() and bool(verify(checkpoints / (checkpoints / LATEST).read_text("utf-8")))
    except (OSError, ValueError):
        return False


def _unpacked(file: Path, folder: Path, name: str) -> Path:
    """Writes a draft beside the folder and renames it, so that the folder is whole or not there."""
    content = content_of(file)
    if content is None:
        raise UsageError(f"{name} is no published model: its header has no run. `ganzoo publish` writes such files")
    draft = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        _write(draft, content, read(file))
        if not _is_whole(folder):  # another process may have been faster
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
    except OSError as error:
        if not _is_whole(folder):
            raise StorageError(f"can't unpack {name} to '{folder}': {one_line(error)}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _write(folder: Path, content: Content, tensors: "Mapping[str, Tensor]") -> None:
    from ganzoo.engine import checkpoint
    from ganzoo.engine.checkpoint_files import Checkpoint

    (folder / RUN_FILE).write_text(json.dumps(content.run, indent=1) + "\n", encoding="utf-8")
    groups = {"ema": {name: full(tensor) for name, tensor in tensors.items()}}
    checkpoint.save(
        folder / "checkpoints", content.step, Checkpoint(tensors=groups, state={"step": content.step}), keep=1
    )


def full(tensor: "Tensor") -> "Tensor":
    """The tensor in float32 if it was rounded to half of it to be stored."""
    return tensor.float() if tensor.dtype.itemsize == 2 and tensor.is_floating_point() else tensor
