"""Trained models on the Hugging Face hub: `hf:OWNER/NAME[@REVISION]` is fetched once and pinned by its commit.

A repository is anybody's. Two files of it are asked for by name, and nothing else in it is read: no pickle, no code.
Both must be what the commit says they are, and the folder that is unpacked is read like any run folder of a stranger.
"""

import hashlib
import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from ganzoo.data.walk import visible
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import cache_folder, write_atomically
from ganzoo.io.untrusted import MAX_BYTES, parse_json, read_bytes, read_json
from ganzoo.runs.paths import RUN_FILE
from ganzoo.trained.published import content_of, folder_of_file
from ganzoo.weights.files import ENDING, sha256

if TYPE_CHECKING:
    from huggingface_hub import HfApi

PREFIX = "hf:"
WEIGHTS_FILE = f"model{ENDING}"
"""The file of a repository that holds the weights, as `ganzoo publish` writes it."""
MOST: Mapping[str, int] = {RUN_FILE: MAX_BYTES, WEIGHTS_FILE: 4_000_000_000}
"""The only files that are ever fetched, and their largest sizes in bytes."""
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SECONDS = 10.0
_LONGEST = 300
_NAMED, _DIGITS = 5, 7
_UNREADABLE = 500


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What the hub says of a commit: its hash, and of each file the size with its SHA-256 or git's hash of it."""

    commit: str
    files: Mapping[str, tuple[int, str]]


def repository(text: str) -> str:
    """The checked OWNER/NAME of a repository. Raises UsageError for a text that names none."""
    if not _REPOSITORY.fullmatch(text) or ".." in text or "--" in text:
        raise UsageError(f"'{visible(text)}' is no repository of the hub: write OWNER/NAME, such as hf:acme/coast")
    return text


def revision_of(text: str) -> str:
    """The checked name of a branch, a tag or a commit. Raises UsageError for a text that is none."""
    if not _REVISION.fullmatch(text) or ".." in text:
        raise UsageError(f"'{visible(text)}' is no revision: write a branch, a tag or a commit")
    return text


def parted(text: str) -> tuple[str, str]:
    """The repository and the revision of hf:OWNER/NAME@REVISION; a branch `main` where none is given."""
    place, at, revision = text.removeprefix(PREFIX).partition("@")
    return repository(place), revision_of(revision) if at else "main"


def is_pinned(revision: str) -> bool:
    """Whether the revision is a whole commit, which never changes."""
    return bool(_COMMIT.fullmatch(revision))


def short(name: str) -> str:
    """The name with the first digits of its commit, for tables."""
    place, at, revision = name.partition("@")
    return f"{place}{at}{revision[:_DIGITS] if is_pinned(revision) else revision}"


def folder_on_hub(text: str) -> tuple[str, Path]:
    """The name with the commit in it, hf:OWNER/NAME@COMMIT, and the unpacked run folder.

    A commit that is in the cache needs no network; a branch that is there is taken from it where the hub can't be
    reached. Raises UsageError when there is no such repository, or none of `ganzoo push`, StorageError when a file is
    not what the hub says it is.
    """
    name, revision = parted(text)
    listed = _kept(name, revision) if is_pinned(revision) else None
    listed = listed or _asked(name, revision)
    files = {file: _fetched(name, listed, file) for file in MOST}
    pinned = f"{PREFIX}{name}@{listed.commit}"
    _check_same(files[RUN_FILE], files[WEIGHTS_FILE], pinned)
    return pinned, folder_of_file(files[WEIGHTS_FILE])


def _record(name: str, revision: str) -> Path:
    return cache_folder() / "hub" / "commits" / name / f"{quote(revision, safe='')}.json"


def _kept(name: str, revision: str) -> Listed | None:
    """What the hub said when it was asked before."""
    try:
        content = read_json(_record(name, revision))
        files = {file: (int(content["files"][file][0]), str(content["files"][file][1])) for file in MOST}
        return Listed(commit=content["commit"], files=files) if is_pinned(content["commit"]) else None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _asked(name: str, revision: str) -> Listed:
    """What the hub says now, which is kept. Where it can't be reached, what it said before."""
    with quiet():
        try:
            info = api().model_info(name, revision=revision, files_metadata=True, timeout=_SECONDS)
        except Exception as error:  # dozens of types, by the network's library and its version
            if _unreachable(error) and (listed := _kept(name, revision)) is not None:
                return listed
            refuse(error, name, revision, missing=f"{RUN_FILE} and {WEIGHTS_FILE}")
    listed = _checked(name, info)
    for each in {revision, listed.commit}:
        record = _record(name, each)
        try:
            record.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(record, json.dumps(asdict(listed), indent=1) + "\n")
        except OSError as error:
            raise StorageError(f"can't write '{record}': {one_line(error)}") from None
    return listed


def _checked(name: str, info: Any) -> Listed:
    """The listing of a repository, which must have the two files, in sizes that are read."""
    if not is_pinned(str(info.sha)):
        raise StorageError(f"'{PREFIX}{name}': the hub names no commit of it")
    there = {one.rfilename: one for one in info.siblings or ()}
    if missing := [file for file in MOST if file not in there]:
        shown = ", ".join(visible(one)[:60] for one in sorted(there)[:_NAMED]) or "nothing"
        more = f" and {len(there) - _NAMED} more files" if len(there) > _NAMED else ""
        raise UsageError(
            f"'{PREFIX}{name}' has no {' and no '.join(missing)}, which `ganzoo push` writes; it has {shown}{more}."
            " Nothing else is read, a pickle least of all: `ganzoo import-weights` converts what you download yourself"
        )
    files = {}
    for file, most in MOST.items():
        size = there[file].size
        if not isinstance(size, int) or size > most:
            raise StorageError(
                f"'{PREFIX}{name}': {file} has {size:,} bytes, at most {most:,} are fetched"
                if isinstance(size, int)
                else f"'{PREFIX}{name}': the hub does not say how large {file} is"
            )
        stored = there[file].lfs
        files[file] = (size, f"sha256:{stored.sha256}" if stored else f"git:{there[file].blob_id}")
    return Listed(commit=info.sha, files=files)


def _fetched(name: str, listed: Listed, file: str) -> Path:
    """The file in the cache, with the size and the hash that the hub names. Damaged ones are fetched once more."""
    from huggingface_hub import hf_hub_download

    path = Path()
    for again in (False, True):
        with quiet():
            try:
                path = Path(
                    hf_hub_download(
                        name, file, revision=listed.commit, cache_dir=cache_folder() / "hub", force_download=again
                    )
                )
            except Exception as error:
                refuse(error, name, listed.commit, missing=file)
        if _is(path, *listed.files[file]):
            return path
    raise StorageError(f"'{PREFIX}{name}@{listed.commit}': {file} is not what the hub says it is: it is not used")


def _is(path: Path, size: int, digest: str) -> bool:
    if path.stat().st_size != size:
        return False
    kind, _, value = digest.partition(":")
    return sha256(path) == value if kind == "sha256" else _git_hash(path, size) == value


def _git_hash(path: Path, size: int) -> str:
    """The hash under which git keeps a file's content."""
    found = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _check_same(run_file: Path, weights: Path, name: str) -> None:
    """Raises StorageError unless run.json says what the header of the weights does, which is what is loaded."""
    content = content_of(weights)
    if content is None:
        raise UsageError(f"'{name}': {WEIGHTS_FILE} has no run in its header: `ganzoo push` writes such files")
    try:
        shown = parse_json(read_bytes(run_file, MAX_BYTES))
    except (OSError, ValueError) as error:
        raise StorageError(f"'{name}': {RUN_FILE} is damaged: {visible(one_line(error))}") from None
    if shown != content.run:
        raise StorageError(f"'{name}': {RUN_FILE} says something else than the header of {WEIGHTS_FILE}")


def api() -> "HfApi":
    """The client of the hub, which finds address and token by itself. Raises UsageError where it is not installed."""
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise UsageError("the hub needs one more package: pip install 'ganzoo-core[hub]'") from None
    return HfApi(library_name="ganzoo")


@contextmanager
def quiet() -> Iterator[None]:
    """Hides the progress bars and the log of the hub's client, which would break our own lines."""
    try:
        from huggingface_hub.utils.logging import get_verbosity, set_verbosity
        from huggingface_hub.utils.tqdm import (
            are_progress_bars_disabled,
            disable_progress_bars,
            enable_progress_bars,
        )
    except ImportError:  # the client says what is missing
        yield
        return
    level, shown = get_verbosity(), not are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        set_verbosity(logging.CRITICAL)
        disable_progress_bars()
        try:
            yield
        finally:
            set_verbosity(level)
            if shown:
                enable_progress_bars()


def refuse(error: Exception, name: str, revision: str, *, missing: str = "") -> NoReturn:
    """Raises UsageError with one line about what the hub's client raised. `missing` is what was to be fetched."""
    from huggingface_hub import constants

    if isinstance(error, UsageError):
        raise error
    address = f"{constants.ENDPOINT}/{name}"
    if _unreachable(error):
        lacking = f", and the cache has no {missing} of it" if missing else ""
        raise UsageError(
            f"'{PREFIX}{name}': {address} can't be reached ({told(error)}){lacking}: connect to the network"
        ) from None
    for kind, text in _reasons(revision).items():
        if isinstance(error, kind):
            raise UsageError(f"'{PREFIX}{name}': {address}: {text}") from None
    if _status(error) in (401, 403):
        raise UsageError(
            f"'{PREFIX}{name}': {address} does not let you: log in (hf auth login, or HF_TOKEN) as somebody who may"
        ) from None
    raise UsageError(f"'{PREFIX}{name}': {address}: {told(error)}") from None


def _reasons(revision: str) -> dict[type[Exception], str]:
    """What the errors of the hub's client mean. A gated repository is also one that is not found, so it comes first."""
    from huggingface_hub import errors

    log_in = "log in (hf auth login, or HF_TOKEN) as somebody who may"
    return {
        errors.GatedRepoError: f"it is gated: ask for access on its page, and {log_in}",
        errors.RepositoryNotFoundError: f"there is no such repository, or it is private: {log_in}",
        errors.RevisionNotFoundError: f"it has no branch, tag or commit '{revision}'",
    }


def _unreachable(error: Exception) -> bool:
    """Whether the hub gave no answer of its own, so that what the cache has is the best there is."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if isinstance(error, UsageError):
        return False
    if isinstance(error, LocalEntryNotFoundError):
        return True
    return (_status(error) or _UNREADABLE) >= _UNREADABLE if isinstance(error, HfHubHTTPError) else True


def _status(error: Exception) -> int:
    """The status of an HTTP answer; 0 where there was none."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return status if isinstance(status, int) else 0


def told(error: Exception) -> str:
    """The error on one short line, without the user's token, whoever wrote it there."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import HfHubHTTPError

    while isinstance(error.__cause__, Exception) and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    text, token = one_line(error), get_token()
    return visible(text.replace(token, "***") if token else text)[:_LONGEST]
