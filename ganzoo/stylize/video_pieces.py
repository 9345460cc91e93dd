"""The finished pieces of an unfinished video: what they were made of, who may write them, and their files."""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import UsageError
from ganzoo.io.files import clear, new_file, sync_file, write_atomically
from ganzoo.io.untrusted import read_json
from ganzoo.runs.claim import locked
from ganzoo.runs.paths import LOCK, OWNER

PARTS = ".parts"
"""The ending of the folder that holds the finished pieces of an unfinished video."""
PIECE = 120
"""Frames of one piece. At most so many are translated again after a job was stopped."""
_MADE_OF = "made-of.json"
_NAME = "piece-{:06d}.nut"
_SCHEMA = "1"
"""Changes when the same settings give other pieces."""
Notice = Callable[[str], None]


def sha256_of(path: Path) -> str:
    """The sha256 of a file's whole content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Pieces:
    """A locked folder of pieces, all made of the same things."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: int) -> Path:
        """The file of a piece, finished or not."""
        return self.folder / _NAME.format(number)

    def finished(self) -> list[Path]:
        """The pieces from the first one on, up to where one is missing."""
        found: list[Path] = []
        while self.path(len(found)).is_file():
            found.append(self.path(len(found)))
        return found

    def draft(self, name: str) -> Path:
        """A new, empty file of that name. Nothing that lies there already is written to."""
        path = self.folder / name
        clear(path)
        new_file(path).close()
        return path


@contextmanager
def claimed_pieces(target: Path, made_of: Mapping[str, str], notice: Notice) -> Iterator[Pieces]:
    """The hidden folder beside `target` with the pieces that were made of the same things; others are removed.

    The folder stays when the process is stopped, and only then. Raises UsageError when another process paints the same
    target, and when something that is not this user's folder is in the way.
    """
    folder = target.with_name(f".{target.name}{PARTS}")
    _create(folder)
    with locked(folder):
        try:
            _keep_only(folder, {**made_of, "schema": _SCHEMA}, target, notice)
            yield Pieces(folder)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _create(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = os.lstat(folder)
        mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        if not (stat.S_ISDIR(status.st_mode) and mine):
            raise UsageError(f"'{folder}' is in the way, and no folder of yours: remove it") from None


def _keep_only(folder: Path, made_of: Mapping[str, str], target: Path, notice: Notice) -> None:
    """Removes pieces that were made of something else, and notes what the new ones are made of."""
    pieces = Pieces(folder).finished()
    try:
        before = read_json(folder / _MADE_OF)
    except (OSError, ValueError):
        before = {}
    if before != made_of:
        if pieces:
            other = sorted(key for key in {*made_of, *before} if made_of.get(key) != before.get(key))
            notice(f"'{target}' starts afresh: its pieces were painted with another {' and '.join(other)}")
        for entry in folder.iterdir():
            if entry.name not in (LOCK, OWNER):
                clear(entry)
        write_atomically(folder / _MADE_OF, json.dumps(made_of, indent=1))


class PieceWriter:
    """Writes some frames to a lossless file, which gets its name when it is whole."""

    def __init__(self, library: Any, pieces: Pieces, number: int, stream: Any) -> None:
        self.library = library
        self.final = pieces.path(number)
        self.draft = pieces.draft(f".{self.final.name}.part")
        self.begun = False
        self.time_base = stream.time_base
        self.container = library.open(str(self.draft), "w", format="nut")
        self.stream = self.container.add_stream("ffv1", rate=stream.average_rate or 25)
        self.stream.pix_fmt = "bgr0"
        self.stream.time_base = self.stream.codec_context.time_base = stream.time_base

    def write(self, pixels: NDArray[np.uint8], pts: int) -> None:
        """Adds a frame at that time, in the time base of the source."""
        if not self.begun:
            self.stream.height, self.stream.width = pixels.shape[:2]
            self.begun = True
        frame = self.library.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = pts, self.time_base
        self.container.mux(self.stream.encode(frame))

    def __enter__(self) -> "PieceWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Writes what is buffered and gives the file its name, unless the piece is unfinished."""
        if kind is not None:
            with suppress(self.library.error.FFmpegError):
                self.container.close()
            return
        self.container.mux(self.stream.encode(None))
        self.container.close()
        sync_file(self.draft)
        self.draft.replace(self.final)


def frames_of(library: Any, pieces: list[Path]) -> Iterator[Any]:
    """The frames of all pieces, one after the other."""
    for piece in pieces:
        with library.open(str(piece)) as container:
            yield from container.decode(container.streams.video[0])
