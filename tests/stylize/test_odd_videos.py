"""Odd videos that users of other projects brought to their trackers, painted with strength 0, which gives them back.

Each test names the report. PyAV says what came out.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.stylize.clips import difference, facts, make_clip, pattern
from tests.stylize.odd import Paint


def _shapes(file: Path) -> list[tuple[int, int]]:
    with av.open(str(file)) as opened:
        return [(frame.width, frame.height) for frame in opened.decode(video=0)]


def _times(file: Path) -> list[float]:
    with av.open(str(file)) as opened:
        return [round(float(frame.time), 3) for frame in opened.decode(video=0)]


def _turned(output: Any, video: Any) -> None:
    video.set_display_rotation(-90)


_MIXED = {"color_primaries": 12, "color_trc": 1, "colorspace": 6, "color_range": 2}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("a.mp4", {"codec": "libx264rgb", "pixel_format": "rgb24"}),  # FFMS/ffms2#80
        ("a.mov", {"pixel_format": "yuvj420p", "tags": _MIXED, "sound": True}),  # meta-pytorch/torchcodec#1084
        ("a.mp4", {"size": (160, 86), "frames": 3}),  # lengstrom/fast-style-transfer#264
        ("a.mp4", {"rate": Fraction(30000, 1001), "frames": 15, "sound": True}),  # jantic/DeOldify#113
        ("a.mp4", {"frames": 1}),
    ],
)
def test_a_video_comes_back(paint: Paint, tmp_path: Path, name: str, more: dict[str, Any]) -> None:
    source, target = make_clip(tmp_path / name, **more), tmp_path / "out" / name
    assert paint(source) == 0
    before, after = facts(source), facts(target)
    for one in ("shape", "primaries", "transfer", "rate", "kinds", "offset"):
        assert before[one] == after[one], one
    assert _times(source) == _times(target) and _shapes(source) == _shapes(target)
    assert difference(source, target)[1] < 3


def test_a_turned_clip_of_a_phone_with_mixed_tags_is_upright(paint: Paint, tmp_path: Path) -> None:
    """Primaries of P3, a transfer of BT.709, a matrix of BT.601 and full range (meta-pytorch/torchcodec#1084)."""
    source = make_clip(tmp_path / "a.mov", pixel_format="yuvj420p", tags=_MIXED, setup=_turned)
    assert facts(source)["turn"] and paint(source) == 0
    assert set(_shapes(tmp_path / "out/a.mov")) == {(64, 96)} and not facts(tmp_path / "out/a.mov")["turn"]
    assert [facts(tmp_path / "out/a.mov")[one] for one in ("primaries", "transfer", "matrix", "range")] == [12, 1, 6, 2]


def test_irregular_times_are_kept(paint: Paint, tmp_path: Path) -> None:
    """Phones and screen recorders write frames when there are any (WyattBlue/auto-editor#152)."""
    tick = Fraction(1, 90_000)
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        video = output.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt, video.codec_context.time_base = 96, 64, "yuv420p", tick
        for number, time in enumerate((0, 3000, 9000, 9100, 45_000, 120_000)):
            frame = av.VideoFrame.from_ndarray(pattern(number, 96, 64), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = time, tick
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    assert paint(tmp_path / "a.mp4") == 0
    assert _times(tmp_path / "out/a.mp4") == _times(tmp_path / "a.mp4")


def test_a_video_whose_size_changes_is_told(paint: Paint, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calls change size with the network, and phones when they are turned (radek-k/FFMediaToolkit#105)."""
    parts = [make_clip(tmp_path / f"{w}.ts", size=(w, h)).read_bytes() for w, h in ((96, 64), (64, 96))]
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    assert len(set(_shapes(tmp_path / "a.ts"))) == 2 and paint(tmp_path / "a.ts") == 0
    assert set(_shapes(tmp_path / "out/a.ts")) == {(96, 64)} and "size changes" in capsys.readouterr().err


def test_a_clip_that_was_cut_before_its_first_key_frame_is_painted(paint: Paint, tmp_path: Path) -> None:
    """Its first frames can't be decoded (Kitware/kwiver#1401)."""
    whole = make_clip(tmp_path / "whole.mp4", frames=20, options={"g": "10", "bf": "0"})
    with av.open(str(whole)) as source, av.open(str(tmp_path / "a.mp4"), "w") as output:
        copy = output.add_stream_from_template(source.streams.video[0])
        for packet in list(source.demux(video=0))[4:-1]:
            packet.stream = copy
            output.mux(packet)
    assert paint(tmp_path / "a.mp4") == 0
    assert len(_times(tmp_path / "a.mp4")) == 10 and _times(tmp_path / "out/a.mp4") == _times(tmp_path / "a.mp4")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda file: file.touch(), "the file is empty"),
        (lambda file: file.write_text("<!doctype html>"), "it is no video, or its beginning or end is missing"),
        (lambda file: file.write_bytes(make_clip(file).read_bytes()[:900]), "it is no video, or its beginning or end"),
    ],
)
def test_what_is_no_video_is_told_in_words(
    paint: Paint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    write: Callable[[Path], object],
    words: str,
) -> None:
    """A placeholder, a page that asks to sign in, and a recording that was never closed (anthwlock/untrunc#30)."""
    write(tmp_path / "a.mp4")
    assert paint(tmp_path / "a.mp4") == 3
    said = capsys.readouterr().err
    assert words in said and "Errno" not in said and len(said.splitlines()) == 1
