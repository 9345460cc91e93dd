"""Fetches the file of a declaration's `Weights` once, and checks its size and SHA-256 before every use."""

import os
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.error import URLError

from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import cache_folder
from ganzoo.specs import Weights
from ganzoo.weights.files import ENDING, sha256

_TIMEOUT = 60.0
_BLOCK = 1 << 20


def fetched(weights: Weights) -> Path:
    """The file in ganzoo's cache, with the declared size and SHA-256. It is fetched from its address if need be.

    Raises UsageError when it is missing and can't be fetched, StorageError when the address gives another file, or
    when the file can't be written.
    """
    file = place(weights.sha256)
    if not _is_good(file, weights):
        _fetch(weights, file)
    return file


def _is_good(file: Path, weights: Weights) -> bool:
    """Whether the file exists as declared. Deletes one that was cut off by a crash, or has changed."""
    if not file.exists():
        return False
    try:
        check(file, weights)
    except StorageError:
        file.unlink()
        return False
    return True


def _fetch(weights: Weights, file: Path) -> None:
    """Downloads the file to a draft, checks that, and only then gives it its name."""
    draft = file.with_name(f".{weights.sha256}-{os.getpid()}{ENDING}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _download(weights, draft)
        check(draft, weights)
        draft.replace(file)
    except URLError as error:
        raise UsageError(
            f"no weights '{weights.name}' ({one_line(error)}): connect to the network, or put {weights.url} at '{file}'"
        ) from None
    except OSError as error:
        raise StorageError(f"can't keep the weights '{weights.name}' at '{file}': {one_line(error)}") from None
    finally:
        with suppress(OSError):
            draft.unlink()


def place(name: str) -> Path:
    """The path of a file of that name in ganzoo's cache."""
    return cache_folder() / "weights" / f"{name}{ENDING}"


class Declared(Protocol):
    """What is said of a file before it is read."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def sha256(self) -> str:
        """Hexadecimal."""


def check(file: Path, weights: Declared) -> None:
    """Raises StorageError unless the file has the declared size and SHA-256."""
    size = file.stat().st_size
    if size != weights.size:
        raise StorageError(f"weights '{file}' have {size:,} bytes, declared are {weights.size:,}: the file is not used")
    if (digest := sha256(file)) != weights.sha256:
        raise StorageError(
            f"weights '{file}' have the SHA-256 {digest}, declared is {weights.sha256}: the file is not used"
        )


def _download(weights: Weights, draft: Path) -> None:
    """Writes at most one byte more than declared, which is enough to see that it is another file."""
    left = weights.size + 1
    with draft.open("wb") as file:
        for block in _blocks(weights.url, left):
            file.write(block)


def _blocks(url: str, left: int) -> Iterator[bytes]:
    """Yields at most `left` bytes. Raises URLError for every network error, before and after the first byte."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            while left and (block := answer.read(min(_BLOCK, left))):
                yield block
                left -= len(block)
    except (OSError, HTTPException) as error:
        raise error if isinstance(error, URLError) else URLError(one_line(error)) from error
