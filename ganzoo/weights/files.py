"""Reads safetensors files that others may have written."""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from ganzoo.errors import StorageError, one_line

if TYPE_CHECKING:
    from torch import Tensor

ENDING = ".safetensors"
PICKLED = (".pt", ".pth", ".ckpt", ".bin", ".tar")
"""Endings of files that torch.save pickles."""
MAX_HEADER = 16_000_000
"""Bytes. The format allows 100 million, with a million tensors; the largest network of the zoo needs 0.1 million."""
_PREFIX = 8
_NAMED = 3


def read(file: Path) -> dict[str, "Tensor"]:
    """The tensors of a safetensors file, on the CPU.

    Raises StorageError for a pickle, and for a file that can't be read or is damaged.
    """
    if file.suffix in PICKLED:
        raise StorageError(
            f"'{file}' is a pickle, which can run code: convert it by ganzoo import-weights {file} OUT{ENDING}"
        )
    try:
        return load(file)
    except (OSError, ValueError) as error:
        raise StorageError(f"weights '{file}': {one_line(error)}") from None


def load(file: Path, like: "Mapping[str, Tensor] | None" = None) -> dict[str, "Tensor"]:
    """Reads as `read` does, but raises OSError or ValueError.

    With `like`, the file must have tensors of exactly these names, shapes and types. They are compared before the
    file's tensors take any memory; StorageError says which differ.
    """
    from safetensors.torch import load_file  # imported here, since checking a file needs no torch

    try:
        check_header(file)
        if like is not None:
            check_like(file, like)
        return load_file(file)
    except SafetensorError as error:
        raise ValueError(one_line(error)) from None


def names_in(file: Path) -> list[str]:
    """The names of a file's tensors. Nothing else of the file is read. Raises OSError or ValueError."""
    check_header(file)
    try:
        with safe_open(file, framework="numpy") as content:
            return list(content.keys())
    except SafetensorError as error:
        raise ValueError(one_line(error)) from None


def metadata_in(file: Path) -> dict[str, str]:
    """The texts in a file's header. Raises OSError or ValueError."""
    check_header(file)
    try:
        with safe_open(file, framework="numpy") as content:
            return dict(content.metadata() or {})
    except SafetensorError as error:
        raise ValueError(one_line(error)) from None


def check_header(file: Path) -> None:
    """Raises ValueError for a file whose first bytes are not those of safetensors, or whose header is too long."""
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise ValueError("not an ordinary file")
    with file.open("rb") as stream:
        prefix = stream.read(_PREFIX)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < _PREFIX or length > os.stat(file).st_size - _PREFIX:
        raise ValueError(f"cut off, or no {ENDING} file")
    if length > MAX_HEADER:
        raise ValueError(f"its header has {length:,} bytes, at most {MAX_HEADER:,} are read")


def sha256(file: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_like(file: Path, like: "Mapping[str, Tensor]") -> None:
    """Raises StorageError unless the file has exactly the tensors of `like`, by name, shape and type."""
    with safe_open(file, framework="numpy") as content:
        names = set(content.keys())
        wrong = [f"{name} is missing" for name in like if name not in names]
        wrong += [f"{name} is unknown" for name in sorted(names - set(like))]
        for name in sorted(names & set(like)):
            found, wanted = content.get_slice(name), like[name]
            if tuple(found.get_shape()) != tuple(wanted.shape):
                wrong.append(f"{name} is {_shape(found.get_shape())} instead of {_shape(wanted.shape)}")
            elif found.get_dtype() != (kind := _kind(wanted)):
                wrong.append(f"{name} is of {found.get_dtype()} instead of {kind}")
    if wrong:
        more = f", {len(wrong) - _NAMED} more such problems" if len(wrong) > _NAMED else ""
        raise StorageError(f"'{file}' does not fit the model: {'; '.join(wrong[:_NAMED])}{more}")


def _kind(tensor: "Tensor") -> str:
    """The name of the tensor's type in safetensors."""
    bits, dtype = 8 * tensor.dtype.itemsize, str(tensor.dtype).removeprefix("torch.")
    if dtype == "bool":
        return "BOOL"
    if dtype == "bfloat16":
        return "BF16"
    return f"{dtype[0].upper()}{bits}"


def _shape(sides: object) -> str:
    return "x".join(map(str, sides)) or "a scalar"  # type: ignore[call-overload]  # a sequence of numbers
