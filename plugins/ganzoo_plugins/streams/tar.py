"""Opens tar files and makes sure that they are read to their end.

Python's reader takes a damaged or cut off header for the end of the archive. A set of shards would silently be smaller
than it is, so the end is checked here.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import tarfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any
from urllib.error import HTTPError, URLError

_BLOCK = 512
_TIMEOUT = 60.0
MAX_MEMBER = 500_000_000
"""Largest member that is read, in bytes. A few compressed bytes, or a sparse member, can claim any size."""
_MAX_HEADERS = 16_000_000
_META = re.compile(r"(.*/)?(__[^/]*__(/|$)|__MACOSX/|\._[^/]*$)")
"""Members that webdataset keeps for itself, and those that macOS adds to each file: ._IMG_1.jpg is no picture."""
_PACKED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


class WholeTar:
    """A stream that passes one block at a time to a tar reader, so that the last block is where it stopped."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._last = b""
        self._left = _MAX_HEADERS

    def allow(self, size: int) -> None:
        """Lets that many bytes pass, and the headers after them."""
        self._left = size + _MAX_HEADERS

    def read(self, size: int = -1) -> bytes:
        """The next block, or less if `size` is less."""
        self._last = self._stream.read(min(size, _BLOCK) if size >= 0 else _BLOCK)
        self._left -= len(self._last)
        if self._left < 0:
            raise ValueError(f"a header of more than {_MAX_HEADERS:,} bytes")
        return self._last

    def check_end(self) -> None:
        """Raises ValueError unless the reader stopped at the mark of the end, with nothing after it."""
        if self._last != bytes(_BLOCK):
            raise ValueError("cut off or damaged: there is no end mark where its members end")
        while rest := self._stream.read(1 << 20):
            if rest.count(0) != len(rest):
                raise ValueError("there is more after its end mark, as of several tar files joined into one")


def contents(stream: WholeTar, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes | None]]:
    """The name of each ordinary file, one after the other, and the content of those that are wanted.

    Names are names: nothing is written, links and devices are passed over. Raises ValueError for a member that is
    wanted and claims to be larger than any picture.
    """
    with tarfile.open(fileobj=stream, mode="r|*") as archive:  # type: ignore[call-overload]  # it only needs to read
        for member in archive:
            stream.allow(member.size)
            if member.isreg() and not _META.match(member.name):
                yield member.name, _content(archive, member) if wanted(member.name) else None
            archive.members = []  # or all headers stay in memory


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > MAX_MEMBER:
        raise ValueError(f"member {member.name!r} has {member.size:,} bytes, at most {MAX_MEMBER:,}")
    content = archive.extractfile(member)
    return content.read() if content else b""


@contextmanager
def opened(place: str) -> Iterator[WholeTar]:
    """The tar file at a path or http(s) URL, unpacked if it is compressed; raises OSError when it can't be read."""
    with ExitStack() as stack:
        raw = stack.enter_context(_http(place) if place.startswith(("http:", "https:")) else _file(place))
        buffered = stack.enter_context(io.BufferedReader(raw, 1 << 20))
        unpack = _PACKED.get(buffered.peek(2)[:2])
        yield WholeTar(stack.enter_context(unpack(buffered)) if unpack else buffered)


def _http(url: str) -> Any:
    try:
        return urllib.request.urlopen(url, timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        raise OSError(f"the server answers {error.code} {error.reason}") from None
    except URLError as error:
        raise OSError(str(error.reason)) from None


def _file(path: str) -> io.FileIO:
    """An ordinary file, since a named pipe would never end."""
    file = io.FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("not an ordinary file")
    return file
