"""What the file of a video says survives painting, and one line names what does not."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ganzoo.errors import DataError, GanzooError
from ganzoo.stylize.jobs import jobs_of
from ganzoo.stylize.video import stylize_video
from ganzoo.stylize.video_source import RisingTimes
from tests.stylize.clips import facts, make_clip, pattern

av = pytest.importorskip("av")


def paint(source: Path, target: Path | None = None) -> tuple[Path, list[str]]:
    """Paints a video unchanged; returns the result and what was told."""
    target = target or source.with_name(f"out{source.suffix}")
    told: list[str] = []
    stylize_video(source, target, lambda pixels: pixels, lambda done, total: None, notice=told.append)
    return target, told


def described(output: Any, video: Any) -> None:
    """Gives a file two sound tracks, chapters, and all the words that it can hold."""
    output.metadata.update({"title": "A walk", "artist": "Me", "comment": "by the sea", "location": "+48.1+011.5/"})
    output.metadata["creation_time"] = "2024-05-06T07:08:09.000000Z"
    video.codec_context.sample_aspect_ratio = Fraction(4, 3)
    for language, title, flag in (("fra", "Son", 1), ("eng", "Commentary", 8)):
        sound = output.add_stream("aac", rate=44100)
        sound.metadata.update(language=language, title=title)
        sound.disposition = flag
    second = {"id": 2, "start": 200, "end": 320, "time_base": Fraction(1, 1000), "metadata": {"title": "two"}}
    output.set_chapters([{**second, "id": 1, "start": 0, "end": 200, "metadata": {"title": "one"}}, second])


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_what_the_container_says_survives(tmp_path: Path, ending: str) -> None:
    tags = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 2}
    source = make_clip(tmp_path / f"in{ending}", tags=tags, setup=described)
    target, told = paint(source)
    before, after = facts(source), facts(target)
    assert after == before and not told
    assert after["shape"] == Fraction(4, 3) and after["languages"] == ["fra", "eng"] and len(after["chapters"]) == 2
    assert after["titles"] == ["Son", "Commentary"] and after["range"] == 2
    with av.open(str(source)) as one, av.open(str(target)) as other:
        said = {key.lower(): text for key, text in one.metadata.items()}
        assert said == {key.lower(): text for key, text in other.metadata.items()}
        assert said["title"] == "A walk" and "creation_time" in said and any("location" in key for key in said)
        assert [stream.disposition for stream in one.streams] == [stream.disposition for stream in other.streams]


def test_what_another_container_can_not_keep_is_told(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", setup=described)
    told = paint(source, tmp_path / "out.avi")[1]
    assert len(told) == 1 and told[0].startswith(f"'{source}': not kept: ")
    assert all(words in told[0] for words in ("chapters", "language of sound 1", "location", "creation_time"))


def test_apples_own_metadata_survives(tmp_path: Path) -> None:
    def setup(output: Any, video: Any) -> None:
        output.metadata["com.apple.quicktime.model"] = "iPhone 15"

    source = make_clip(tmp_path / "in.mov", setup=setup, container={"movflags": "use_metadata_tags"})
    with av.open(str(paint(source)[0])) as opened:
        assert opened.metadata["com.apple.quicktime.model"] == "iPhone 15"


@pytest.mark.parametrize("starts", [(0.0, 0.4), (0.4, 0.0), (2.0, 2.0)])
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".ts", ".flv"])
def test_sound_and_picture_keep_their_starts(tmp_path: Path, ending: str, starts: tuple[float, float]) -> None:
    source = tmp_path / f"in{ending}"
    with av.open(str(source), "w") as output:
        video, sound = output.add_stream("libx264", rate=25), output.add_stream("aac", rate=44100)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(pattern(number, 96, 64), format="rgb24")
            frame.pts, frame.time_base = number + round(starts[0] * 25), Fraction(1, 25)
            output.mux(video.encode(frame))
        for number in range(0, 17640, 1024):
            block = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            block.sample_rate, block.pts, block.time_base = 44100, number + round(starts[1] * 44100), Fraction(1, 44100)
            output.mux(sound.encode(block))
        output.mux(video.encode(None))
        output.mux(sound.encode(None))
    target, told = paint(source)
    before, after = facts(source), facts(target)
    assert abs(before["offset"] - after["offset"]) < 0.002 and not told
    if ending in (".mp4", ".mov", ".mkv"):
        assert abs(before["start"] - after["start"]) < 0.002


def jpeg() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (9, 200, 9)).save(content, "JPEG")
    return content.getvalue()


def with_cover(path: Path) -> Path:
    """An MP4 whose first stream is its cover."""
    with av.open(str(path), "w") as output:
        cover = output.add_mux_stream("mjpeg", rate=1, width=32, height=32)
        cover.disposition = 1 << 10
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        packet = av.Packet(jpeg())
        packet.stream, packet.pts, packet.dts, packet.time_base = cover, 0, 0, Fraction(1, 90000)
        output.mux(packet)
        for number in range(5):
            output.mux(video.encode(av.VideoFrame.from_ndarray(pattern(number, 96, 64), format="rgb24")))
        output.mux(video.encode(None))
    return path


def covers(path: Path) -> list[bytes]:
    with av.open(str(path)) as opened:
        pictures = {stream.index for stream in opened.streams.video if stream.disposition & 1 << 10}
        return [bytes(one) for one in opened.demux() if one.size and one.stream.index in pictures]


def test_a_cover_is_kept_and_not_taken_for_the_video(tmp_path: Path) -> None:
    source = with_cover(tmp_path / "in.mp4")
    assert covers(source) == [jpeg()]
    target, told = paint(source)
    assert covers(target) == [jpeg()] and not told
    with av.open(str(target)) as opened:
        assert sum(stream.disposition == 1 for stream in opened.streams.video) == 1


def test_a_cover_that_can_not_be_kept_is_told(tmp_path: Path) -> None:
    source = with_cover(tmp_path / "in.mp4")
    for ending in ("mov", "avi"):
        target, told = paint(source, tmp_path / f"out.{ending}")
        assert covers(target) or any("cover picture" in text for text in told)


def test_fonts_and_covers_of_matroska_are_kept(tmp_path: Path) -> None:
    def setup(output: Any, video: Any) -> None:
        output.add_attachment("cover.jpg", "image/jpeg", jpeg())
        output.add_attachment("font.ttf", "font/ttf", b"\0\1\0\0font")

    target, told = paint(make_clip(tmp_path / "in.mkv", setup=setup))
    with av.open(str(target)) as opened:
        fonts = [(stream.name, stream.data) for stream in opened.streams if stream.type == "attachment"]
    assert fonts == [("font.ttf", b"\0\1\0\0font")] and covers(target) == [jpeg()] and not told
    told = paint(tmp_path / "in.mkv", tmp_path / "out.mp4")[1]
    assert told == [f"'{tmp_path / 'in.mkv'}': not kept: attachment 1 (font.ttf)"]


def test_subtitles_keep_their_language_and_what_can_not_hold_them_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as output:
        video, words = output.add_stream("libx264", rate=25), output.add_mux_stream("subrip")
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        words.metadata.update(language="fra", title="Sous-titres")
        words.disposition = 1 << 6
        for number in range(10):
            if number == 3:
                packet = av.Packet(b"Bonjour")
                packet.stream, packet.pts, packet.dts, packet.duration = words, 120, 120, 200
                packet.time_base = Fraction(1, 1000)
                output.mux(packet)
            output.mux(video.encode(av.VideoFrame.from_ndarray(pattern(number, 96, 64), format="rgb24")))
        output.mux(video.encode(None))
    target, told = paint(source)
    with av.open(str(target)) as opened:
        stream = opened.streams.subtitles[0]
        assert (stream.metadata["language"], stream.metadata["title"], stream.disposition) == ("fra", "Sous-titres", 64)
        found = [(packet.pts, packet.duration, bytes(packet)) for packet in opened.demux(stream) if packet.size]
    assert found == [(120, 200, b"Bonjour")] and not told
    assert paint(source, tmp_path / "out.mp4")[1] == [f"'{source}': not kept: subtitle 1 (srt)"]


def test_of_several_videos_the_first_is_painted_which_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as output:
        streams = [output.add_stream("libx264", rate=25) for _ in range(2)]
        for stream, width in zip(streams, (96, 64), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        for stream, width in zip(streams, (96, 64), strict=True):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pattern(0, width, 64), format="rgb24")))
            output.mux(stream.encode(None))
    target, told = paint(source)
    assert told == [f"'{source}': it has 2 videos: the first is painted, the others are not kept"]
    with av.open(str(target)) as opened:
        assert [stream.width for stream in opened.streams.video] == [96]


def cut(source: Path, part: float) -> Path:
    content = source.read_bytes()
    source.write_bytes(content[: round(len(content) * part)])
    return source


def noisy(path: Path, frames: int = 40, **container: str) -> Path:
    """A clip whose frames take much the same space in the file."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w", options=container) as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for _ in range(frames):
            pixels: NDArray[np.uint8] = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
            output.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(video.encode(None))
    return path


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi", ".flv"])
def test_a_video_that_was_cut_off_is_painted_as_far_as_it_goes_and_told(tmp_path: Path, ending: str) -> None:
    more = {"movflags": "faststart"} if ending == ".mp4" else {}
    source = cut(noisy(tmp_path / f"in{ending}", **more), 0.5)
    with av.open(str(source)) as opened:  # one thread loses nothing
        stream, whole = opened.streams.video[0], 0
        stream.thread_type = "NONE"
        for packet in opened.demux(stream):
            try:
                whole += len(packet.decode())
            except av.error.InvalidDataError:
                continue
    with pytest.raises(GanzooError, match=rf"ends early, cut off or damaged: {whole} of about 4[0-2] frames") as caught:
        paint(source)
    assert caught.value.exit_code == 1 and {entry.name for entry in tmp_path.iterdir()} == {
        f"in{ending}",
        f"out{ending}",
    }
    with av.open(str(tmp_path / f"out{ending}")) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == whole >= 15


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi", ".flv", ".ts"])
def test_a_whole_video_is_not_said_to_end_early(tmp_path: Path, ending: str) -> None:
    source = make_clip(tmp_path / f"in{ending}", sound=True, frames=30)
    assert paint(source)[1] == []


def test_a_trimmed_video_is_not_said_to_end_early(tmp_path: Path) -> None:
    """An MP4 whose edit list leaves out the first frames, as phones trim."""
    source = tmp_path / "in.mp4"
    with av.open(str(source), "w") as output:
        video = output.add_stream("libx264", rate=25, options={"bf": "0"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(pattern(number, 96, 64), format="rgb24")
            frame.pts, frame.time_base = number - 5, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    with av.open(str(source)) as opened:
        shown = [round(frame.time, 3) for frame in opened.decode(video=0)]
    target, told = paint(source)
    with av.open(str(target)) as opened:
        assert [round(frame.time, 3) for frame in opened.decode(video=0)] == shown and not told


def test_damage_in_the_middle_is_told_and_the_rest_painted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    source = noisy(tmp_path / "in.mp4")
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    source.write_bytes(content)
    target, told = paint(source)
    assert any("damaged" in text for text in told)
    with av.open(str(target)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) > 25
    assert capfd.readouterr() == ("", "") and not caplog.records


def test_files_without_frames_are_one_line(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as output:
        sound = output.add_stream("aac", rate=44100)
        block = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        block.sample_rate = 44100
        output.mux(sound.encode(block))
        output.mux(sound.encode(None))
    make_clip(tmp_path / "none.mkv", frames=1)
    cut(tmp_path / "none.mkv", 0.4)
    (tmp_path / "empty.mp4").touch()
    for name, words in (("sound.mp4", "has no video"), ("none.mkv", "no frames|read as"), ("empty.mp4", "be read as")):
        with pytest.raises(DataError, match=words) as caught:
            paint(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("rate", [1, 1000, Fraction(24000, 1001)])
def test_a_single_frame_and_unusual_rates(tmp_path: Path, rate: int | Fraction) -> None:
    for ending in (".mp4", ".mkv"):
        target, told = paint(make_clip(tmp_path / f"in{ending}", frames=1, size=(2, 2), rate=rate))
        with av.open(str(target)) as opened:
            assert sum(1 for _ in opened.decode(video=0)) == 1 and not told


def test_kinds_that_hold_no_h264_become_matroska(tmp_path: Path) -> None:
    for ending in (".mpg", ".wmv", ".mts", ".3gp", ".flv"):
        (tmp_path / f"{ending[1:]}{ending}").touch()
    names = {job.source.suffix: job.target.name for job in jobs_of([str(tmp_path)], tmp_path / "out")}
    assert names == {".mpg": "mpg.mkv", ".wmv": "wmv.mkv", ".mts": "mts.mts", ".3gp": "3gp.3gp", ".flv": "flv.flv"}


def test_sound_of_an_unknown_codec_and_data_are_told(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", sound=True)
    content = source.read_bytes()
    assert b"A_AAC" in content
    source.write_bytes(content.replace(b"A_AAC", b"A_XYZ"))
    assert paint(source)[1] == [f"'{source}': not kept: sound 1 (unknown)"]

    def telemetry(output: Any, video: Any) -> None:
        output.add_data_stream("klv")

    source = make_clip(tmp_path / "in.ts", setup=telemetry)
    with av.open(str(source)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "data"]
    assert paint(source)[1] == [f"'{source}': not kept: data stream 1 (klv)"]


def test_times_that_are_missing_equal_or_jump_back_rise() -> None:
    times = RisingTimes(10)
    given = [500, None, 520, 520, 530, 1000, 0, 10, 20]
    assert [times.next(time) for time in given] == [500, 510, 520, 521, 530, 1000, 1010, 1020, 1030] and times.jumped


def test_joined_recordings_of_two_sizes_are_painted_as_one(tmp_path: Path) -> None:
    parts = [
        make_clip(tmp_path / f"{width}.ts", "mpeg2video", frames=50, size=(width, 64), sound=True) for width in (96, 64)
    ]
    source = tmp_path / "in.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    target, told = paint(source)
    text = " ".join(told)
    assert "its size changes: all frames are scaled to 96 x 64" in text and "times jump back" in text
    with av.open(str(target)) as opened:
        times = [frame.time for frame in opened.decode(video=0)]
    assert len(times) >= 98 and np.allclose(np.diff(times), 0.04, atol=0.001)
    with av.open(str(target)) as opened:
        sound = [float(one.pts * one.time_base) for one in opened.demux(opened.streams.audio[0]) if one.size]
    assert abs(sound[-1] - times[-1]) < 0.3
