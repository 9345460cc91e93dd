"""Reads a video file frame by frame, past what is damaged, and notes what of it can't be painted."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import DataError, one_line
from ganzoo.stylize import video_hdr
from ganzoo.stylize.video_pixels import Colors, FrameReader, colors_of, side_data_of, turn_of

_ATTACHED = 1 << 10 | 1 << 11
"""The dispositions of pictures that are no video: covers and thumbnails."""
_SIDE_DATA = {
    "A53_CC": "closed captions inside the pictures",
    "SPHERICAL": "the projection of a 360-degree video",
    "STEREO3D": "the arrangement of a 3D video",
}
_SHORT = 0.5
"""Seconds by which a file may be shorter than it says and still count as whole."""
_TELL_THEIR_END = frozenset(("matroska", "webm", "flv", "asf"))
"""Containers that say when their last frame ends, also where they were cut off."""


_LISTS = frozenset(("concat", "dash", "hls", "image2", "image2pipe", "imf", "lavfi", "rtp", "rtsp", "sap", "sdp"))
"""Formats whose files name other files or addresses to read. A video of others opens no file but itself."""


def opened(library: Any, path: Path) -> Any:
    """The container of a video. Raises what the library raises, also for a file that only lists others."""
    formats = ",".join(sorted(library.formats_available - _LISTS))
    options = {"format_whitelist": formats, "protocol_whitelist": "file"}
    return library.open(str(path), metadata_errors="replace", options=options)


@contextmanager
def opened_source(library: Any, path: Path) -> Iterator["VideoSource"]:
    """Opens a video. Raises DataError for a file that is none."""
    try:
        container = opened(library, path)
    except (library.error.FFmpegError, OSError) as error:
        raise DataError(f"'{path}' can't be read as a video: {_reason(library, path, error)}") from None
    with container:
        yield VideoSource(library, container, path)


def _reason(library: Any, path: Path, error: Exception) -> str:
    """Why a file can't be opened. The library's own words are a number and "invalid data"."""
    with suppress(OSError):
        if path.stat().st_size == 0:
            return "the file is empty"
    if isinstance(error, library.error.InvalidDataError):
        return "it is no video, or its beginning or end is missing"
    if isinstance(error, library.error.ArgumentError):
        return "it is no video, but perhaps a list of others"
    return one_line(error)


def video_of(container: Any) -> Any:
    """The stream that is painted: the first that is no cover; None where there is none."""
    return next((one for one in container.streams.video if not one.disposition & _ATTACHED), None)


class VideoSource:
    """The frames of an opened file, and what is known of it once they are read: `notes` and `expected`."""

    def __init__(self, library: Any, container: Any, path: Path) -> None:
        self.library = library
        self.container = container
        self.path = path
        self.video = video_of(container)
        if self.video is None or self.video.codec_context is None:
            known = "its codec is unknown" if self.video is not None else "there is none in it"
            raise DataError(f"'{path}' has no video that can be painted: {known}")
        # Frame threads lose as many frames as there are processors where a damaged packet ends the file.
        self.video.thread_type = "SLICE"
        self.notes: dict[str, None] = {}
        self.broken = 0
        self.last_time = 0.0
        self.expected = 0
        self.first_time = 0
        self.reader: FrameReader
        self.colors: Colors

    def pixels(self, frame: Any) -> NDArray[np.uint8]:
        """The pixels H W 3 of a frame, upright and in RGB."""
        return self.reader.pixels(frame)

    def frames(self) -> Iterator[tuple[int, Any]]:
        """Each frame with its time, in the stream's time base. The times rise strictly."""
        times = RisingTimes(self._step())
        size: tuple[int, int] | None = None
        for packet in self._packets():
            for frame in self._decoded(packet):
                time = times.next(frame.pts)
                if size is None:
                    size, self.first_time = (frame.width, frame.height), time
                    self._look_at_first(frame)
                self._look_at(frame, size)
                yield time, frame
        if times.jumped:
            self._note("its times jump back and were joined")
        self.expected = self._missing()
        damaged = self.broken - bool(self.expected)  # the packet at which the file was cut off
        if damaged > 0:
            self._note(f"{damaged} damaged frame{'s' if damaged > 1 else ''}: skipped, or painted as far as they go")

    def _step(self) -> int:
        """The time of one frame."""
        rate = self.video.average_rate or self.video.base_rate or 25
        return max(1, round(1 / Fraction(rate * self.video.time_base)))

    def _packets(self) -> Iterator[Any]:
        """The packets of the video, up to where the file can't be read further."""
        packets = self.container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (self.library.error.FFmpegError, OSError):
                self.broken += 1
                return
            if packet.pts is not None and packet.size:
                end = (packet.pts + (packet.duration or 0)) * packet.time_base
                self.last_time = max(self.last_time, float(end))
            # An empty packet repeats the last frame (AVI). To the decoder it would be the end.
            if packet.stream.index == self.video.index and (packet.size or packet.dts is None):
                yield packet

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            return list(packet.decode())
        except EOFError:
            return []
        except self.library.error.FFmpegError:
            self.broken += 1
            return []

    def _missing(self) -> int:
        """How many frames the file should have, when it ends before them; else 0."""
        entries = list(self.video.index_entries)
        size = self.path.stat().st_size
        if entries and any(entry.pos + entry.size > size for entry in entries):
            return max(len(entries), int(self.video.frames))
        kinds = set(self.container.format.name.split(","))
        rate = self.video.average_rate or 25
        if "avi" in kinds and self.last_time * rate < self.video.frames - 2:
            return int(self.video.frames)
        said = (self.container.duration or 0) / self.library.time_base
        if kinds & _TELL_THEIR_END and self.last_time < said - _SHORT:
            return int(said * float(rate) + 0.5)
        return 0

    def _look_at_first(self, frame: Any) -> None:
        parts = frame.format.components
        try:
            coding, self.colors = colors_of(frame, self.video)
        except DataError as error:
            raise DataError(f"'{self.path}': {error}") from None
        self.reader = FrameReader(self.library, frame, coding)
        if name := video_hdr.NAMES.get(coding.hdr):
            self._note(f"it is HDR video ({name}): it is painted and written in standard range (BT.709)")
        if any(part.is_alpha for part in parts) or self.video.metadata.get("alpha_mode") == "1":
            self._note("transparency is not kept")
        if max(part.bits for part in parts) > 8:
            self._note(f"it is painted at 8 bits, not {max(part.bits for part in parts)}")
        if _fine_colours(frame):
            self._note("its colours are written at half their resolution (4:2:0), which most players need")
        if turn_of(frame) is None:
            self._note("it is shown turned by less than a quarter, which is not kept")
        videos = [one for one in self.container.streams.video if not one.disposition & _ATTACHED]
        if len(videos) > 1:
            self._note(f"it has {len(videos)} videos: the first is painted, the others are not kept")

    def _look_at(self, frame: Any, size: tuple[int, int]) -> None:
        if frame.is_corrupt:
            self.broken += 1
        if frame.interlaced_frame:
            self._note("it is interlaced: it is painted and written as whole frames")
        if (frame.width, frame.height) != size:
            self._note(f"its size changes: all frames are scaled to {size[0]} x {size[1]}")
        for name in side_data_of(frame).keys() & _SIDE_DATA.keys():
            self._note(f"{_SIDE_DATA[name]}: not kept")

    def _note(self, text: str) -> None:
        self.notes[text] = None


def _fine_colours(frame: Any) -> bool:
    """Whether the colours have more pixels than 4:2:0 keeps, which odd sides are not written in."""
    width, height, parts = frame.width, frame.height, frame.format.components
    if width % 2 or height % 2 or len(parts) < 3:
        return False
    return bool(frame.format.is_rgb or 4 * parts[1].width * parts[1].height > width * height)


class RisingTimes:
    """Makes times rise strictly: fills those that are missing, and moves on what starts anew after a jump back."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.last: int | None = None
        self.shift = 0
        self.jumped = False

    def next(self, time: int | None) -> int:
        """The time of the next frame or packet."""
        if self.last is None:
            self.last = time or 0
            return self.last
        moved = self.last + self.step if time is None else time + self.shift
        if moved < self.last - 25 * self.step:
            self.jumped = True
            self.shift += self.last + self.step - moved
            moved = self.last + self.step
        self.last = max(moved, self.last + 1)
        return self.last
