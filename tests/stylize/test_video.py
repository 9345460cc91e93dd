"""Videos keep their frames, their rate, their sound and their upright, and go on where they were stopped."""

import hashlib
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ganzoo.errors import DataError
from ganzoo.stylize.video import stylize_video
from ganzoo.stylize.video_pieces import PIECE as _PIECE

av = pytest.importorskip("av")
RATE = Fraction(30000, 1001)


def make(path: Path, frames: int = 30, size: tuple[int, int] = (48, 32), *, sound: bool = True) -> Path:
    """A bright bar that wanders over a slope, with a tone."""
    width, height = size
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        tone = output.add_stream("aac", rate=44100) if sound else None
        for number in range(frames):
            pixels = np.full((height, width, 3), 60, np.uint8)
            pixels[:, number % width] = 250
            output.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(video.encode(None))
        if tone is not None:
            wave = np.sin(2 * math.pi * 440 * np.arange(int(44100 * frames / RATE)) / 44100).astype(np.float32)[None]
            for start in range(0, wave.shape[1], 1024):
                block = np.ascontiguousarray(wave[:, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 44100, start
                output.mux(tone.encode(frame))
            output.mux(tone.encode(None))
    return path


def negative(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return 255 - pixels


def quiet(done: int, total: int) -> None:
    pass


def sound_of(path: Path) -> str:
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(container.streams.audio[0])]
    return hashlib.sha256(b"".join(packets)).hexdigest()


def facts(path: Path) -> tuple[int, Fraction, int, int]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return sum(1 for _ in container.decode(stream)), stream.average_rate, stream.width, stream.height


def test_frames_rate_and_sound_are_those_of_the_source(tmp_path: Path) -> None:
    source = make(tmp_path / "in.mp4")
    reports: list[tuple[int, int]] = []
    assert stylize_video(source, tmp_path / "out.mp4", negative, lambda *now: reports.append(now)) == 30
    assert facts(tmp_path / "out.mp4") == facts(source) == (30, RATE, 48, 32)
    assert sound_of(tmp_path / "out.mp4") == sound_of(source)
    assert reports[-1] == (30, 30) and {entry.name for entry in tmp_path.iterdir()} == {"in.mp4", "out.mp4"}
    with av.open(str(tmp_path / "out.mp4")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert abs(int(first[16, 30, 0]) - 195) < 12  # 255 - 60


def test_times_between_frames_are_kept_where_they_differ(tmp_path: Path) -> None:
    source = tmp_path / "uneven.mp4"
    times = [0, 1000, 1500, 4000, 9000]
    with av.open(str(source), "w") as output:
        video = output.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        video.codec_context.time_base = Fraction(1, 30000)
        for pts in times:
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = pts, Fraction(1, 30000)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    stylize_video(source, tmp_path / "out.mp4", negative, quiet)
    seen = []
    for path in (source, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            seen.append([round(frame.time, 4) for frame in container.decode(video=0)])
    assert seen[0] == seen[1]


def test_a_stopped_video_goes_on_with_the_pieces_that_are_whole(tmp_path: Path) -> None:
    source = make(tmp_path / "in.mp4", frames=2 * _PIECE + 10, sound=False)
    translated = 0

    def stops(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        nonlocal translated
        translated += 1
        if translated == _PIECE + 5:
            raise KeyboardInterrupt
        return negative(pixels)

    with pytest.raises(KeyboardInterrupt):
        stylize_video(source, tmp_path / "out.mp4", stops, quiet)
    assert not (tmp_path / "out.mp4").exists()
    translated = _PIECE + 5  # far from stopping again
    assert stylize_video(source, tmp_path / "out.mp4", stops, quiet) == 2 * _PIECE + 10
    assert translated == _PIECE + 5 + _PIECE + 10
    assert facts(tmp_path / "out.mp4")[0] == 2 * _PIECE + 10


def test_a_file_without_video_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    with pytest.raises(DataError, match=r"a\.mp4'"):
        stylize_video(tmp_path / "a.mp4", tmp_path / "out.mp4", negative, quiet)


LISTS = {
    "concat": "ffconcat version 1.0\nfile other.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1.0,\nother.mp4\n#EXT-X-ENDLIST\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=list(LISTS))
def test_a_list_of_other_files_opens_none_of_them(tmp_path: Path, text: str) -> None:
    make(tmp_path / "other.mp4", 3, sound=False)
    (tmp_path / "list.mp4").write_text(text)
    with pytest.raises(DataError, match=r"list\.mp4' can't be read as a video: it is no video"):
        stylize_video(tmp_path / "list.mp4", tmp_path / "out.mp4", negative, quiet)
    assert not (tmp_path / "out.mp4").exists()


def test_odd_sides_and_other_containers(tmp_path: Path) -> None:
    source = make(tmp_path / "in.mkv", frames=5, sound=False)

    def cropped(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return pixels[:31, :47]

    stylize_video(source, tmp_path / "odd.mkv", cropped, quiet)
    assert facts(tmp_path / "odd.mkv")[2:] == (47, 31)
    stylize_video(source, tmp_path / "out.webm", negative, quiet)
    assert facts(tmp_path / "out.webm")[0] == 5
