"""Joins painted pieces to one video, with the sound, the subtitles and all else that its file can hold."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

from ganzoo.stylize.video_pixels import Colors, FrameWriter, tag
from ganzoo.stylize.video_source import RisingTimes, opened, video_of

_CODECS = {".webm": ("libvpx-vp9", {"crf": "24", "b": "0"})}
_CODEC = ("libx264", {"crf": "18", "preset": "medium"})
_NO_REORDERING = {"bf": "0"}
"""For AVI, which has no times: frames are shown in the order of the file."""
_ABSOLUTE = frozenset(("mov", "mp4", "matroska", "webm"))
"""Containers whose times are those that are shown. Others start anywhere."""
_OF_THE_FILE = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "software", "alpha_mode", "rotate", "vendor_id"}
    | {"duration", "number_of_frames", "number_of_bytes", "bps"}
)
"""Metadata that describes how the source was written."""
_WRITTEN_AS = {"name": "title"}
"""Titles of streams in MP4 are read by one word and written by the other."""
_STEP = Fraction(1, 25)
"""Seconds between packets that have no times."""
Notice = Callable[[str], None]


class JoinedVideo:
    """A new file with the streams of a source, whose video is still to come."""

    def __init__(self, library: Any, source: Path, target: Path, turned: bool, colors: Colors, notice: Notice) -> None:
        self.library = library
        self.source = source
        self.target = target
        self.ending = target.suffix.lower()
        self.turned = turned
        self.colors = colors
        self.notice = notice

    def write(self, frames: Iterator[Any], first_time: int) -> set[int]:
        """Writes all frames, whose times count from the first, and what belongs to them.

        Returns the numbers of the source's streams that the file holds.
        """
        opened = self.library.open
        with (
            opened(str(self.source), metadata_errors="replace") as original,
            opened(str(self.target), "w", options=_options(original, self.ending)) as output,
        ):
            video = video_of(original)
            origin = _origin(original, output)
            first = next(frames)
            stream = self._stream(output, video, first)
            others = _Others(self.library, original, output, self.source, origin, self.notice)
            others.add(video)
            _describe(original, output, origin)
            writer = FrameWriter(self.library, stream.pix_fmt, self.colors)
            shift = first_time - round(origin / video.time_base)
            for frame in chain([first], frames):
                frame.pts = round(frame.pts * frame.time_base / video.time_base) + shift
                frame.time_base = video.time_base
                converted = writer.converted(frame)
                others.copy_until(converted.time)
                output.mux(stream.encode(converted))
            output.mux(stream.encode(None))
            others.copy_until(None)
            return {video.index, *others.streams}

    def _stream(self, output: Any, video: Any, first: Any) -> Any:
        """Adds a video stream with the rate of the source and the size of the first frame."""
        codec, options = _CODECS.get(self.ending, _CODEC)
        more = _NO_REORDERING if self.ending == ".avi" else {}
        stream = output.add_stream(codec, rate=video.average_rate or 25, options={**options, **more})
        stream.width, stream.height = first.width, first.height
        # Most players show yuv420p only. It halves the colours' resolution, so odd sides need another format.
        even = first.width % 2 == 0 and first.height % 2 == 0
        stream.pix_fmt = "yuv420p" if even else "yuv444p"
        stream.time_base = stream.codec_context.time_base = video.time_base
        tag(stream.codec_context, self.colors)
        if shape := video.sample_aspect_ratio:
            stream.codec_context.sample_aspect_ratio = 1 / shape if self.turned else shape
        stream.metadata.update(metadata_of(video))
        stream.disposition = video.disposition
        return stream


def _options(original: Any, ending: str) -> dict[str, str]:
    """Apple's own metadata needs another table in the file, which fewer programs read: it is written for them only."""
    apple = any(key.startswith("com.") for key in original.metadata)
    return {"movflags": "use_metadata_tags"} if apple and ending in (".mp4", ".mov", ".m4v") else {}


def _origin(original: Any, output: Any) -> Fraction:
    """The time of the source, in seconds, that becomes 0."""
    kinds = [set(container.format.name.split(",")) for container in (original, output)]
    if all(kind & _ABSOLUTE for kind in kinds):
        return Fraction(0)
    return Fraction(original.start_time or 0, 1_000_000)


def _describe(original: Any, output: Any, origin: Fraction) -> None:
    """Copies title, date, place and the like, and the chapters."""
    output.metadata.update(metadata_of(original))
    chapters = original.chapters()
    for number, chapter in enumerate(chapters, 1):
        shift = round(origin / chapter["time_base"])
        chapter.update(id=number, start=chapter["start"] - shift, end=chapter["end"] - shift)
    output.set_chapters(chapters)


def metadata_of(of: Any) -> dict[str, str]:
    """What a file or a stream says of its content."""
    said = {key: text for key, text in of.metadata.items() if key.lower() not in _OF_THE_FILE}
    return {
        _WRITTEN_AS.get(key, key): text
        for key, text in said.items()
        if not key.startswith("_STATISTICS") and not (key.endswith("-eng") and key[:-4] in said)
    }


class _Others:
    """Copies all other streams unchanged, in step with the frames of the same time."""

    def __init__(
        self, library: Any, original: Any, output: Any, source: Path, origin: Fraction, notice: Notice
    ) -> None:
        self.library = library
        self.original = original
        self.output = output
        self.source = source
        self.origin = origin
        self.notice = notice
        self.streams: dict[int, Any] = {}
        self.times: dict[int, RisingTimes] = {}
        self.packets: Iterator[Any] = iter(())
        self.next: Any = None

    def add(self, video: Any) -> None:
        """Adds every stream of the source that the file can hold, and tells which it can't."""
        counts: dict[str, int] = {}
        for stream in self.original.streams:
            if stream.index == video.index or (stream.type == "video" and not stream.disposition & 1 << 10):
                continue
            counts[stream.type] = counts.get(stream.type, 0) + 1
            if not self._added(stream):
                self.notice(f"not kept: {_called(stream, counts[stream.type])}")
        wanted = [stream for stream in self.original.streams if stream.index in self.streams]
        self.packets = self._timed(wanted) if wanted else iter(())
        self.next = next(self.packets, None)

    def _added(self, stream: Any) -> bool:
        if stream.type == "data":  # timecodes and chapters are written from their metadata
            names = self.original.chapters() and getattr(stream, "name", None) == "bin_data"
            return bool(names) or "timecode" in stream.metadata
        if stream.type == "attachment" or (stream.type == "video" and "matroska" in self.output.format.name):
            return self._attached(stream)
        try:
            copy = self.output.add_stream_from_template(stream, opaque=True)
        except (ValueError, self.library.error.FFmpegError):  # this container can't hold a stream of that kind
            return False
        copy.metadata.update(metadata_of(stream))
        copy.disposition = stream.disposition
        self.streams[stream.index] = copy
        self.times[stream.index] = RisingTimes(max(1, round(_STEP / stream.time_base)))
        return True

    def _attached(self, stream: Any) -> bool:
        """Adds a font or a cover to a Matroska file."""
        if self.output.format.name != "matroska":
            return False
        name = stream.metadata.get("filename") or f"cover.{'png' if stream.name == 'png' else 'jpg'}"
        kind = stream.metadata.get("mimetype") or f"image/{'png' if name.endswith('png') else 'jpeg'}"
        content = stream.data if stream.type == "attachment" else self._picture(stream.index)
        self.output.add_attachment(name, kind, content)
        return True

    def _picture(self, index: int) -> bytes:
        with opened(self.library, self.source) as again:
            return next(bytes(packet) for packet in again.demux(again.streams[index]) if packet.size)

    def _timed(self, wanted: list[Any]) -> Iterator[Any]:
        """The packets with their new times, up to where the file can't be read further."""
        packets = self.original.demux(wanted)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, self.library.error.FFmpegError):
                return
            if packet.dts is None and packet.pts is None and packet.stream.type == "video":
                packet.dts = 0  # a cover
            if not packet.size or (packet.dts is None and packet.pts is None):
                continue
            shift = round(self.origin / packet.time_base)
            before = packet.dts if packet.dts is not None else packet.pts
            packet.dts = self.times[packet.stream.index].next(before) - shift
            packet.pts = packet.dts + (0 if packet.pts is None else packet.pts - before)
            yield packet

    def copy_until(self, time: float | None) -> None:
        """Copies everything up to that second, or to the end."""
        while (packet := self.next) is not None:
            if time is not None and float(packet.dts * packet.time_base) > time:
                return
            packet.stream = self.streams[packet.stream.index]
            self.output.mux(packet)
            self.next = next(self.packets, None)


def _called(stream: Any, number: int) -> str:
    """A stream in words, such as "subtitle 2 (ass)"."""
    kind = {"audio": "sound", "video": "cover picture", "data": "data stream"}.get(stream.type, stream.type)
    name = getattr(stream, "name", None) or stream.metadata.get("handler_name") or "unknown"
    return f"{kind} {number} ({name})"
