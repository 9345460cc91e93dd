"""Unpacks published models to ordinary run folders in ganzoo's cache: from one safetensors file, or from others' files.

The header of the one file holds the content of run.json that loading needs. The file may be anybody's, so the folder is
read like any run folder of a stranger. Files of another program are imported, as `ganzoo import-weights` does.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.published import Published
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import cache_folder, one_at_a_time
from ganzoo.io.untrusted import parse_json
from ganzoo.runs.paths import LATEST, RUN_FILE
from ganzoo.weights.fetching import check, fetched, fetched_to
from ganzoo.weights.files import metadata_in, read, sha256

# Only unpacking imports what needs torch: a name that nobody knows is refused before.
if TYPE_CHECKING:
    from torch import Tensor

HEADER = "ganzoo"
"""The key of the file's header under which there is a JSON object: schema, step and run."""
SCHEMA = 1
SEAL = "unpacked.sha256"
"""The file of the run folder with the SHA-256 of its run.json. The checkpoint has a manifest of its own."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the header of a published file says: the training step of its weights, and the content of run.json."""

    step: int
    run: Mapping[str, Any]

    def to_header(self) -> dict[str, str]:
        """The header of the file. It has one key, as safetensors writes several in any order: equal files are equal."""
        return {HEADER: json.dumps({"schema": SCHEMA, "step": self.step, "run": self.run})}


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


def folder_of(model: Published, catalog: Catalog) -> Path:
    """The run folder of a published model, which is unpacked when it is first asked for.

    Raises UsageError when a file of it is missing and can't be fetched, StorageError when one is not as published.
    """
    name = f"weights '{model.name}'"
    if model.files:
        return _made(_place(model.sha256), name, lambda draft: _import(model, draft, catalog))
    return _made(_place(model.sha256), name, lambda draft: _unpack(_file_of(model), draft, name))


def folder_of_file(file: Path) -> Path:
    """The run folder of a published model whose file is given. Raises UsageError for a file that is none."""
    return _made(_place(sha256(file)), f"'{file}'", lambda draft: _unpack(file, draft, f"'{file}'"))


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
    """Whether every file is as it was unpacked: the checkpoint by its manifest, run.json by its seal."""
    from ganzoo.engine.checkpoint_files import verify

    checkpoints = folder / "checkpoints"
    try:
        sealed = (folder / SEAL).read_text("utf-8") == sha256(folder / RUN_FILE)
        return sealed and bool(verify(checkpoints / (checkpoints / LATEST).read_text("utf-8")))
    except (OSError, ValueError):
        return False


def _made(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder, which `make` fills as a draft beside it that is renamed, so that it is whole or not there."""
    if _is_whole(folder):
        return folder
    try:
        with one_at_a_time(folder.name):
            if not _is_whole(folder):  # another process may have been faster
                _fill(folder, make)
    except OSError as error:
        raise StorageError(
            f"can't unpack {name} to '{folder}': {one_line(error)}. GANZOO_CACHE names another folder"
        ) from None
    return folder


def _fill(folder: Path, make: Callable[[Path], None]) -> None:
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)  # left by a process that was killed, since this one holds the lock
    try:
        draft.mkdir(parents=True)
        make(draft)
        (draft / SEAL).write_text(sha256(draft / RUN_FILE), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unpack(file: Path, draft: Path, name: str) -> None:
    content = content_of(file)
    if content is None:
        raise UsageError(f"{name} is no published model: its header has no run. `ganzoo publish` writes such files")
    _write(draft, content, read(file))


def _import(model: Published, draft: Path, catalog: Catalog) -> None:
    """Makes the run folder of another program's files. Their names in the cache are those that their authors gave."""
    wanted = [(_Fetchable(name=model.name, url=one.url, sha256=one.sha256, size=one.size), one) for one in model.files]
    files = [fetched_to(what, cache_folder() / "weights" / one.sha256 / one.name) for what, one in wanted]
    from ganzoo.importing import import_run, opened, recognise  # after what may fail at once

    with opened(files) as found:
        match, near = recognise(found, catalog)
        if match is None:
            nearest = f"; nearest is {near.format.name}: {near.problem}" if near else ""
            raise UsageError(f"weights '{model.name}': its files are of no network that ganzoo knows{nearest}")
        made, meant = (catalog.model(of).full_name for of in (match.format.model, model.model))
        if made != meant:
            raise UsageError(f"weights '{model.name}': its files are a model of {made}, not of {meant}")
        import_run(files, match, catalog, out=draft)


@dataclass(frozen=True, kw_only=True)
class _Fetchable:
    """A file of a published model, called as the model is."""

    name: str
    url: str
    sha256: str
    size: int


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
