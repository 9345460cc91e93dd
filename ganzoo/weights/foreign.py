"""Converts weights that torch has pickled (.pt, .pth, .ckpt) to safetensors.

torch's restricted loader reads the file; it builds tensors and nothing else. It runs in a process of its own, with
limits on memory and time, that can start no program and use no network. Whatever a file does there ends with that
process, and the result is checked like any other safetensors file.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import replacing
from ganzoo.io.untrusted import parse_json
from ganzoo.weights import restricted
from ganzoo.weights.files import ENDING, PICKLED, names_in, sha256

MEGABYTE = 1_000_000
_OWN = {"OMP_NUM_THREADS": "1", "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
_SPARE = 512 * MEGABYTE
"""Memory beyond four times the file, which the process maps, copies, lays out and writes."""
_SECONDS = 60
_A_SECOND = 20 * MEGABYTE
"""Bytes that the slowest disk and processor read, copy and write in a second."""
_SHOWN = 400


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a declaration of `Weights` needs: the file, its size in bytes and SHA-256; and its number of tensors."""

    file: Path
    """The safetensors file."""
    size: int
    """In bytes."""
    sha256: str
    """Of the file."""
    tensors: int
    """How many there are."""


def import_weights(file: Path, out: Path, *, key: str = "", overwrite: bool = False) -> Imported:
    """Writes the tensors of a .pt, .pth or .ckpt file as safetensors to `out`, completely or not at all.

    It takes the file's dictionary of tensors by name. Where there are several, `key` says which, such as "generator" or
    "state.ema". Raises UsageError for a wrong path or key. Raises StorageError for a file that is damaged, for a
    dictionary that holds anything else than tensors, and for a file that exceeds the limits on memory or time.
    """
    _check_paths(file, out, overwrite)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as draft:
            _convert(file, draft, key)
            found = names_in(draft)
    except (OSError, ValueError) as error:
        raise StorageError(f"can't write '{out}': {one_line(error)}") from None
    return Imported(file=out, size=out.stat().st_size, sha256=sha256(out), tensors=len(found))


def _check_paths(file: Path, out: Path, overwrite: bool) -> None:
    if file.suffix == ENDING:
        raise UsageError(f"'{file}' is a {ENDING} file already: there is nothing to convert")
    if file.suffix not in PICKLED:
        raise UsageError(f"'{file}': the ending must be one of {', '.join(PICKLED)}")
    if not file.is_file():
        raise UsageError(f"'{file}': no such file")
    if out.suffix != ENDING:
        raise UsageError(f"'{out}': the ending must be {ENDING}, the format that is written")
    if out.exists() and not (overwrite and out.is_file()):
        raise UsageError(f"'{out}' exists: give another path, or --overwrite")


def _convert(file: Path, draft: Path, key: str) -> None:
    """Runs the process, and raises an error that says how it ended unless it ended well."""
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
    # With -I, neither the working folder nor the environment adds modules to import.
    command = [sys.executable, "-I", restricted.__file__, json.dumps(asked)]
    return subprocess.run(
        command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
    )


def _environment() -> dict[str, str]:
    """What the system's loader needs, without settings of Python or torch, proxies and secrets.

    torch loads the entry points of no other package, one of which may be malformed.
    """
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ} | _OWN


def _reason(output: bytes) -> str:
    """The reason that the process printed. It has read an untrusted file, so only a short text is accepted."""
    try:
        reason = parse_json(output[-10_000:])
    except ValueError:
        return ""
    return " ".join(str(reason).split())[:_SHOWN]
