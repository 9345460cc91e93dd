"""Standard input, output and errors that may be closed, full or unable to spell a letter: none of it ends a command."""

import codecs
import io
import os
import select
import sys
from dataclasses import dataclass
from typing import TextIO, cast

_SPELT = {"…": "...", "–": "-", "—": "-", "±": "+-", "×": "x", "²": "^2", "≤": "<=", "≥": ">="}  # noqa: RUF001
_ERRORS = "ganzoo-spelt"


def spelt(error: UnicodeError) -> tuple[str, int]:
    """What stands for letters that an encoding lacks: plain ones that look alike, or their numbers."""
    assert isinstance(error, UnicodeEncodeError)
    letters = error.object[error.start : error.end]
    return "".join(_SPELT.get(letter, ascii(letter)[1:-1]) for letter in letters), error.end


class Unbroken(io.RawIOBase):
    """Bytes for a stream. What can't be written is dropped, and `problem` says why: the disk of a log may be full.

    A reader that has gone is no problem: `ganzoo list | head` is what its user wanted.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.problem = ""

    def write(self, data: object, /) -> int:
        """Takes all bytes, whatever becomes of them."""
        assert isinstance(data, bytes | bytearray | memoryview)
        try:
            while (count := self._raw.write(data)) is None:  # a pipe that doesn't block, and is full right now
                select.select([], [self._raw], [])
        except BrokenPipeError:
            return len(data)
        except OSError as error:
            self.problem = error.strerror or type(error).__name__
            return len(data)
        return count

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._raw.isatty()

    def fileno(self) -> int:
        """The number of the descriptor."""
        return self._raw.fileno()


@dataclass(frozen=True)
class Streams:
    """The guarded output of this process; None for a stream that is no file, as in a notebook."""

    out: Unbroken | None
    err: Unbroken | None


def guard() -> Streams:
    """Puts sys.stdin, sys.stdout and sys.stderr in a state in which nothing that is printed raises.

    A descriptor that is closed is opened on the null device: otherwise the next file that is opened would take its
    number, and receive whatever a library prints.
    """
    for descriptor in range(3):
        _open_if_closed(descriptor)
    codecs.register_error(_ERRORS, spelt)
    sys.stdin = sys.stdin or _null("r")
    sys.stdout, out = _guarded(sys.stdout)
    sys.stderr, err = _guarded(sys.stderr)
    return Streams(out, err)


def _open_if_closed(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        os.set_inheritable(descriptor, True)


def _null(mode: str) -> TextIO:
    return cast(TextIO, open(os.devnull, mode, encoding="utf-8"))  # open until the process ends


def _guarded(stream: TextIO | None) -> tuple[TextIO, Unbroken | None]:
    if stream is None:
        return _null("w"), None
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # with PYTHONUNBUFFERED there is none between
    if not isinstance(raw, io.RawIOBase):
        return stream, None
    unbroken = Unbroken(raw)
    return io.TextIOWrapper(io.BufferedWriter(unbroken), stream.encoding, _ERRORS, line_buffering=True), unbroken
