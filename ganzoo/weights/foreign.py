"""Weights of other programs, pickled by torch (.pt, .pth, .ckpt), written anew as safetensors.

The file is read by torch's restricted loader, which builds tensors and nothing else, in a process of its own that may
take so much memory and time, start no program and reach no network. Whatever a file does there, it is over when that
process is, and what it leaves is looked through as any other safetensors file.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import sync_file
from ganzoo.io.untrusted import parse_json
from ganzoo.weights import restricted
from ganzoo.weights.files import ENDING, PICKLED, names_in, sha256

MEGABYTE = 1_000_000
_SPARE = 512 * MEGABYTE
"""Memory beyond four times the file, which is mapped, copied, laid out and written."""
_SECONDS = 60
_A_SECOND = 20 * MEGABYTE
"""Bytes that the slowest of disks and processors read, copy and write."""
_SHOWN = 400


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a declaration of `Weights` needs: the file, its size in bytes, its SHA-256, and how many tensors it has."""

    file: Path
    size: int
    sha256: str
    tensors: int


def import_weights(file: Path, out: Path, *, key: str = "", overwrite: bool = False) -> Imported:
    """Writes the tensors of a .pt, .pth or .ckpt file as safetensors to `out`, at once or not at all.

    They are those of a dictionary of tensors by name; in a checkpoint that holds several, `key` says which, such as
    "generator" or "state.ema". Raises UsageError for a wrong path or key, StorageError for a file that is damaged,
    holds anything else than tensors where they are taken from, or wants more than it may have.
    """
    _check_paths(file, out, overwrite)
    draft = out.with_name(f".{out.stem}-{os.getpid()}{ENDING}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _convert(file, draft, key)
        found = names_in(draft)
        sync_file(draft)
        draft.replace(out)
    except (OSError, ValueError) as error:
        raise StorageError(f"can't write '{out}': {one_line(error)}") from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return Imported(file=out, size=out.stat().st_size, sha256=sha256(out), tensors=len(found))


def _check_paths(file: Path, out: Path, overwrite: bool) -> None:
    if file.suffix == ENDING:
        raise UsageError(f"'{file}' is a {ENDING} file already: there is nothing to import")
    if file.suffix not in PICKLED:
        raise UsageError(f"'{file}': the ending must be one of {', '.join(PICKLED)}")
    if not file.is_file():
        raise UsageError(f"'{file}': no such file")
    if out.suffix != ENDING:
        raise UsageError(f"'{out}': what is written is {ENDING}, so end it so")
    if out.exists() and not (overwrite and out.is_file()):
        raise UsageError(f"'{out}' exists: give another, or --overwrite")


def _convert(file: Path, draft: Path, key: str) -> None:
    """Runs the process and turns how it ended into an error, if it did not end well."""
    size = file.stat().st_size
    seconds = _SECONDS + size // _A_SECOND
    asked = {
        "file": str(file.absolute()),
        "draft": str(draft.absolute()),
        "key": key,
        "memory": 4 * size + _SPARE,
        "largest": 2 * size + MEGABYTE,
        "seconds": seconds,
    }
    try:
        done = _run(asked, timeout=2 * seconds)
    except subprocess.TimeoutExpired:
        raise StorageError(f"'{file}': reading it takes more than {2 * seconds} s, so it was stopped") from None
    if done.returncode == restricted.WRONG_KEY:
        raise UsageError(f"'{file}': {_reason(done.stdout)}")
    if done.returncode == -getattr(signal, "SIGXCPU", 0):
        raise StorageError(f"'{file}': reading it takes more than {seconds} s, so it was stopped")
    if done.returncode != 0:
        raise StorageError(f"'{file}': {_reason(done.stdout) or f'its reader died ({done.returncode})'}")


def _run(asked: Mapping[str, object], timeout: int) -> "subprocess.CompletedProcess[bytes]":
    # -I: neither the working folder nor the environment adds anything that Python would import.
    command = [sys.executable, "-I", restricted.__file__, json.dumps(asked)]
    return subprocess.run(
        command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
    )


def _environment() -> dict[str, str]:
    """What the system's loader needs; nothing that steers Python or torch, no proxies and no secrets."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"OMP_NUM_THREADS": "1"}


def _reason(output: bytes) -> str:
    """The reason that the process gave; it has read a stranger's file, so no more is believed than a short text."""
    try:
        reason = parse_json(output[-10_000:])
    except ValueError:
        return ""
    return " ".join(str(reason).split())[:_SHOWN]
