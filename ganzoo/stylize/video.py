"""Translates videos by PyAV: frame rate and rotation are kept, sound and subtitles are copied."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import DataError, StorageError, UsageError, one_line

if TYPE_CHECKING:
    import av

ENDINGS = frozenset((".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"))
PARTS = ".parts"
"""The ending of the folder that holds the finished pieces of an unfinished video."""
_PIECE = 120
"""Frames of one piece. At most so many are translated again after a job was stopped."""
_PIECES = "piece-*.nut"
_CONTAINERS = {".webm": ("libvpx-vp9", {"crf": "24", "b": "0"})}
_CODEC = ("libx264", {"crf": "18", "preset": "medium"})
Stylize = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Pixels H W 3 of a frame -> the same translated."""
Progress = Callable[[int, int], None]
"""Receives the frames done, and how many the file says there are (0 if it says nothing)."""


def stylize_video(source: Path, target: Path, stylize: Stylize, progress: Progress) -> int:
    """Translates a video and returns its number of frames. After a stop, it resumes from the finished pieces.

    Pieces lie in a hidden folder beside `target`, which appears when all of them are done. Memory holds one frame at a
    time. Raises DataError for a file that is no video, StorageError when the disk fails, UsageError without PyAV.
    """
    library = _library()
    pieces = target.with_name(f".{target.name}{PARTS}")
    try:
        pieces.mkdir(parents=True, exist_ok=True)
        count = _write_pieces(library, source, pieces, stylize, progress)
        draft = pieces / f"whole{target.suffix}"
        _join(library, source, sorted(pieces.glob(_PIECES)), draft)
        draft.replace(target)
    except library.error.FFmpegError as error:
        raise DataError(f"'{source}': {one_line(error)}") from None
    except OSError as error:
        raise StorageError(f"can't write '{target}': {one_line(error)}") from None
    for file in pieces.iterdir():
        file.unlink()
    pieces.rmdir()
    return count


def _library() -> Any:
    try:
        import av
    except ImportError:
        raise UsageError("videos need one more package: pip install 'ganzoo-core[video]'") from None
    return av


def _write_pieces(library: Any, source: Path, pieces: Path, stylize: Stylize, progress: Progress) -> int:
    """Translates all frames but those of finished pieces, and returns the number of all frames."""
    with library.open(str(source)) as container:
        if not container.streams.video:
            raise DataError(f"'{source}' has no video")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        done = len(list(pieces.glob(_PIECES)))
        count = 0
        for piece, frames in groupby(_frames(container, stream), key=lambda one: one[0] // _PIECE):
            if piece < done:
                count += sum(1 for _ in frames)
                continue
            writer = _Piece(library, pieces, piece, stream)
            for number, pts, frame in frames:
                writer.write(stylize(_pixels(frame)), pts)
                count = number + 1
                progress(count, stream.frames)
            writer.close()
    if not count:
        raise DataError(f"'{source}' has no frames")
    return count


def _frames(container: "av.container.InputContainer", stream: Any) -> Iterator[tuple[int, int, Any]]:
    """Each frame with its number and its time since the first, up to where decoding ends in a file that was cut off."""
    first: int | None = None
    with suppress(EOFError):
        for number, frame in enumerate(container.decode(stream)):
            first = frame.pts if first is None else first
            yield number, number if frame.pts is None or first is None else frame.pts - first, frame


def _pixels(frame: Any) -> NDArray[np.uint8]:
    """The frame turned upright. Players turn it, and the network must see what they show."""
    pixels: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(getattr(frame, "rotation", 0) / 90)))


class _Piece:
    """Writes some frames to a lossless file, which gets its name when it is whole."""

    def __init__(self, library: Any, folder: Path, number: int, stream: Any) -> None:
        self.library = library
        self.final = folder / _PIECES.replace("*", f"{number:06d}")
        self.draft = folder / f".{self.final.name}.part"
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

    def close(self) -> None:
        """Writes what is buffered, and gives the file its name."""
        self.container.mux(self.stream.encode(None))
        self.container.close()
        self.draft.replace(self.final)


def _join(library: Any, source: Path, pieces: list[Path], target: Path) -> None:
    """Joins all pieces to one video, with the source's other streams."""
    with library.open(str(source)) as original, library.open(str(target), "w") as output:
        video = original.streams.video[0]
        frames = _frames_of(library, pieces)
        first = next(frames)
        stream = _stream(output, video, first, target.suffix.lower())
        others = _Others(original, output, video)
        for frame in chain([first], frames):
            frame.pts = round(frame.pts * frame.time_base / video.time_base)
            frame.time_base = video.time_base
            others.copy_until(frame.time)
            output.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        output.mux(stream.encode(None))
        others.copy_until(None)


def _stream(output: Any, video: Any, first: Any, ending: str) -> Any:
    """Adds a video stream with the rate of the source and the size of the first frame."""
    codec, options = _CONTAINERS.get(ending, _CODEC)
    stream = output.add_stream(codec, rate=video.average_rate or 25, options=options)
    stream.width, stream.height = first.width, first.height
    # Most players show yuv420p only. It halves the colours' resolution, so odd sides need another format.
    even = first.width % 2 == 0 and first.height % 2 == 0
    stream.pix_fmt = "yuv420p" if even else "yuv444p"
    stream.time_base = stream.codec_context.time_base = video.time_base
    return stream


def _frames_of(library: Any, pieces: list[Path]) -> Iterator[Any]:
    for piece in pieces:
        with library.open(str(piece)) as container:
            yield from container.decode(container.streams.video[0])


class _Others:
    """Copies sound and subtitles unchanged, in step with the frames of the same time."""

    def __init__(self, original: Any, output: Any, video: Any) -> None:
        self.output = output
        self.start = float((video.start_time or 0) * video.time_base)
        self.streams = {}
        for stream in (*original.streams.audio, *original.streams.subtitles):
            with suppress(ValueError):  # this container can't hold a stream of that kind
                self.streams[stream.index] = output.add_stream_from_template(stream)
        wanted = [stream for stream in original.streams if stream.index in self.streams]
        self.packets = (packet for packet in original.demux(wanted) if packet.dts is not None) if wanted else iter(())
        self.next: Any = next(self.packets, None)

    def copy_until(self, time: float | None) -> None:
        """Copies everything up to that second, or to the end."""
        while (packet := self.next) is not None:
            if time is not None and float(packet.dts * packet.time_base) - self.start > time:
                return
            shift = round(self.start / packet.time_base)
            packet.pts, packet.dts = (packet.pts or packet.dts) - shift, packet.dts - shift
            packet.stream = self.streams[packet.stream.index]
            self.output.mux(packet)
            self.next = next(self.packets, None)
