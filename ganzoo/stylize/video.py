"""Translates videos by PyAV: what a video says of its frames is kept, sound and subtitles are copied."""

from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import DataError, GanzooError, StorageError, UsageError, one_line
from ganzoo.stylize.video_join import JoinedVideo
from ganzoo.stylize.video_kept import lost
from ganzoo.stylize.video_pieces import PIECE, Pieces, PieceWriter, claimed_pieces, frames_of, sha256_of
from ganzoo.stylize.video_source import VideoSource, opened_source

_AS_MATROSKA = frozenset((".mpg", ".mpeg", ".vob", ".wmv", ".asf", ".ogv"))
ENDINGS = _AS_MATROSKA | frozenset(
    (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".ts", ".mts", ".m2ts", ".3gp", ".flv")
)


class EndsEarlyError(GanzooError):
    """A video was cut off or damaged. What there is of it is painted."""


Stylize = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Pixels H W 3 of a frame -> the same translated."""
Progress = Callable[[int, int], None]
"""Receives the frames done, and how many the file says there are (0 if it says nothing)."""


def ending_of(source: Path) -> str:
    """The ending of the translated video. Kinds of files that hold no H.264 become Matroska."""
    return ".mkv" if source.suffix.lower() in _AS_MATROSKA else source.suffix


def stylize_video(
    source: Path,
    target: Path,
    stylize: Stylize,
    progress: Progress,
    *,
    made_of: Mapping[str, str] = MappingProxyType({}),
    notice: Callable[[str], None] = lambda text: None,
) -> int:
    """Translates a video and returns its number of frames. After a stop, it resumes from the finished pieces.

    Pieces lie in a hidden folder beside `target`, which appears when all of them are done. They are used again for the
    same source, by content, and the same `made_of`, which names all that `stylize` depends on. Calls `notice` with one
    line for everything that is not kept. Memory holds one frame at a time.

    Raises DataError for a file that is no video, StorageError when the disk fails, UsageError without PyAV and while
    another process paints the same target. Raises EndsEarlyError after `target` is written if the source ends early.
    """
    library = _library()
    try:
        fingerprint = sha256_of(source)
    except OSError as error:
        raise DataError(f"'{source}' can't be read: {one_line(error)}") from None
    try:
        with (
            claimed_pieces(target, {**made_of, "source": fingerprint}, notice) as pieces,
            opened_source(library, source) as opened,
        ):
            count = _paint(library, opened, pieces, stylize, progress)
            _join(library, opened, pieces, target, lambda text: notice(f"'{source}': {text}"))
    except library.error.FFmpegError as error:
        kind = StorageError if isinstance(error, OSError) else DataError
        raise kind(f"can't write '{target}': {one_line(error)}") from None
    except OSError as error:
        raise StorageError(f"can't write '{target}': {one_line(error)}") from None
    if opened.expected:
        raise EndsEarlyError(
            f"'{source}' ends early, cut off or damaged: {count} of about {max(count, opened.expected)} frames are in"
            f" '{target}'"
        )
    return count


def _library() -> Any:
    try:
        import av
    except ImportError:
        raise UsageError("videos need one more package: pip install 'ganzoo-core[video]'") from None
    return av


def _paint(library: Any, source: VideoSource, pieces: Pieces, stylize: Stylize, progress: Progress) -> int:
    """Translates all frames but those of finished pieces, and returns the number of all frames."""
    done = len(pieces.finished())
    count = 0
    for piece, frames in groupby(enumerate(source.frames()), key=lambda one: one[0] // PIECE):
        if piece < done:
            count += sum(1 for _ in frames)
            continue
        with PieceWriter(library, pieces, piece, source.video) as writer:
            for number, (time, frame) in frames:
                writer.write(stylize(source.pixels(frame)), time - source.first_time)
                count = number + 1
                progress(count, source.video.frames)
    if not count:
        raise DataError(f"'{source.path}' has no frames that can be read")
    return count


def _join(library: Any, source: VideoSource, pieces: Pieces, target: Path, notice: Callable[[str], None]) -> None:
    """Writes the target from its pieces, and tells what is not as in the source."""
    draft = pieces.draft(f"whole{target.suffix}")
    colors, turned = source.colors, source.reader.turn.diagonal
    joined = JoinedVideo(library, source.path, draft, turned, colors, notice)
    kept = joined.write(frames_of(library, pieces.finished()), source.first_time)
    for note in source.notes:
        notice(note)
    if names := lost(library, source.path, draft, kept, colors, turned=turned):
        notice(f"not kept: {', '.join(names)}")
    draft.replace(target)
