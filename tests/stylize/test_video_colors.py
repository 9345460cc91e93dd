"""Videos painted at strength 0 come back: every matrix and range, every turn, every kind of pixel."""

import math
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ganzoo.errors import DataError
from ganzoo.stylize import video_hdr
from ganzoo.stylize.video import stylize_video
from ganzoo.stylize.video_pixels import colors_of
from tests.stylize.clips import difference, facts, make_clip, pattern, rgb_frames

av = pytest.importorskip("av")
from tests.stylize.video_round_trip import KEPT, round_trip, tried  # noqa: E402

SHARP = {"crf": "4"}


def quiet(done: int, total: int) -> None:
    pass


def first_seen(source: Path, target: Path) -> NDArray[np.float64]:
    """What the network receives of the first frame."""
    seen: list[NDArray[np.uint8]] = []

    def watch(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        seen.append(pixels)
        return pixels

    stylize_video(source, target, watch, quiet)
    return seen[0].astype(np.float64)


@pytest.mark.parametrize("spread", [1, 2])
@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
def test_colours_come_back_by_every_matrix_and_range(tmp_path: Path, matrix: int, spread: int) -> None:
    tags = {"colorspace": matrix, "color_range": spread, "color_primaries": 1, "color_trc": 1}
    source = make_clip(tmp_path / "in.mp4", "libx264", options=SHARP, tags=tags, frames=3)
    row = round_trip(source, tmp_path)
    assert row.mean < 2 and not row.lost and not row.told
    found = facts(tmp_path / "out.mp4")
    assert (found["matrix"], found["primaries"], found["transfer"]) == (matrix, 1, 1)
    assert (found["range"] == 2) == (spread == 2)


def test_the_network_sees_the_colours_of_the_matrix(tmp_path: Path) -> None:
    for matrix in (1, 5):
        source = make_clip(tmp_path / "in.mp4", options=SHARP, tags={"colorspace": matrix}, frames=1)
        seen = first_seen(source, tmp_path / "out.mp4")
        assert np.abs(seen - pattern(0, 96, 64)).mean() < 2
        assert np.abs(seen - next(rgb_frames(source))).mean() < 2


@pytest.mark.parametrize("size", [(1280, 720), (720, 576)])
@pytest.mark.parametrize("tags", [{}, {"colorspace": 1, "color_primaries": 1, "color_trc": 1}])
def test_untagged_video_is_bt709_when_large_and_stays_untagged(
    tmp_path: Path, size: tuple[int, int], tags: dict[str, int]
) -> None:
    usual = 1 if size[1] >= 720 else 5
    source = make_clip(tmp_path / "in.mp4", size=size, options=SHARP, frames=1, tags=tags or {"colorspace": usual})
    if not tags:
        source = _without_tags(source, tmp_path / "plain.mp4")
        assert facts(source)["matrix"] == 2
    seen = first_seen(source, tmp_path / "out.mp4")
    assert np.abs(seen - pattern(0, *size)).mean() < 1.5
    assert difference(source, tmp_path / "out.mp4")[1] < 1.5
    assert facts(tmp_path / "out.mp4")["matrix"] == facts(source)["matrix"] == tags.get("colorspace", 2)


def _without_tags(source: Path, target: Path) -> Path:
    with av.open(str(source)) as before, av.open(str(target), "w") as after:
        stream = after.add_stream("libx264", rate=25, options=SHARP)
        stream.width, stream.height = before.streams.video[0].width, before.streams.video[0].height
        for frame in before.decode(video=0):
            plain = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
            plain.pts, plain.time_base = frame.pts, frame.time_base
            after.mux(stream.encode(plain))
        after.mux(stream.encode(None))
    return target


def test_painting_again_and_again_does_not_darken(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "0.mkv", "ffv1", frames=2)
    for number in range(3):
        stylize_video(tmp_path / f"{number}.mkv", tmp_path / f"{number + 1}.mkv", lambda pixels: pixels, quiet)
    first, last = (np.mean([frame.mean() for frame in rgb_frames(tmp_path / f"{n}.mkv")]) for n in (0, 3))
    assert source.exists() and abs(last - first) < 0.5


def light_of(code: float, transfer: int) -> float:
    """Candela per square metre of a grey, by the formulas of ITU-R BT.2100."""
    if transfer == 16:
        power = code ** (32 / 2523)
        return 10_000 * (max(power - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * power)) ** (8192 / 1305)
    scene = code**2 / 3 if code <= 0.5 else (math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return 1000 * scene**1.2


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_painted_in_standard_range_which_is_told(tmp_path: Path, transfer: int, name: str) -> None:
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": transfer, "color_range": 1}
    source = make_clip(tmp_path / "in.mkv", "ffv1", "yuv420p10le", tags=tags, frames=1)
    row = round_trip(source, tmp_path)
    assert f"it is HDR video ({name}): it is painted and written in standard range (BT.709)" in row.told[0]
    found = facts(tmp_path / "out.mkv")
    assert (found["primaries"], found["transfer"], found["matrix"]) == (1, 1, 1)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_greys_stay_grey_and_mid_tones_keep_their_light(transfer: int) -> None:
    codes = np.linspace(0, 1, 257)
    greys = np.repeat((codes * 65535).round().astype(np.uint16)[None, :, None], 3, axis=2)
    shown = video_hdr.standard_range(greys, transfer, 9)[0].astype(int)
    assert (np.ptp(shown, axis=1) <= 1).all() and (np.diff(shown[:, 1]) >= 0).all()
    lights = np.array([light_of(code, transfer) for code in codes])
    plain = 255 * (np.clip(lights / 203, 0, 1)) ** (1 / 2.4)
    dark = lights < 80
    assert np.abs(shown[dark, 1] - plain[dark]).max() <= 1
    assert 215 < shown[np.abs(lights - 203).argmin(), 1] < 245 and shown[-1, 1] >= 254
    assert shown[lights < 600, 1].max() < 255  # clouds keep their detail


def test_dolby_vision_without_usual_colours_is_refused() -> None:
    side = SimpleNamespace(type=SimpleNamespace(name="DOVI_METADATA"))
    frame = SimpleNamespace(color_primaries=2, color_trc=2, colorspace=2, side_data=[side])
    with pytest.raises(DataError, match="Dolby Vision"):
        colors_of(frame, SimpleNamespace(color_primaries=2, color_trc=2, colorspace=2))


def test_a_matrix_that_can_not_be_converted_is_refused_in_one_line(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", "ffv1", "yuv420p", tags={"colorspace": 14}, frames=1)
    with pytest.raises(DataError, match=r"in\.mkv': its colours are coded by matrix 14"):
        stylize_video(source, tmp_path / "out.mkv", lambda pixels: pixels, quiet)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.mkv"]


def test_ten_bits_transparency_and_interlacing_are_told(tmp_path: Path) -> None:
    deep = round_trip(make_clip(tmp_path / "deep.mkv", "ffv1", "yuv420p10le", frames=2), tmp_path)
    clear = round_trip(make_clip(tmp_path / "clear.mov", "prores_ks", "yuva444p10le", frames=2), tmp_path)
    vp9 = round_trip(make_clip(tmp_path / "clear.webm", "libvpx-vp9", "yuva420p", frames=2), tmp_path)

    def interlaced(output: Any, video: Any) -> None:
        video.codec_context.flags |= 1 << 18 | 1 << 29

    fields = make_clip(tmp_path / "fields.mkv", "mpeg2video", frames=3, setup=interlaced)
    told = [" ".join(row.told) for row in (deep, clear, vp9, round_trip(fields, tmp_path))]
    assert "8 bits, not 10" in told[0] and "transparency is not kept" in told[1] and "transparency" in told[2]
    assert "half their resolution" in told[1] and "resolution" not in told[0] + told[2]
    assert "interlaced" in told[3] and deep.mean < 2


@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_every_display_matrix_is_applied(tmp_path: Path, degrees: int, flips: tuple[bool, bool]) -> None:
    def setup(output: Any, video: Any) -> None:
        video.set_display_rotation(degrees, *flips)
        video.codec_context.sample_aspect_ratio = Fraction(4, 3)

    source = make_clip(tmp_path / "in.mp4", options=SHARP, frames=1, setup=setup)
    stylize_video(source, tmp_path / "out.mp4", lambda pixels: pixels, quiet)
    expected = np.rot90(pattern(0, 96, 64), degrees // 90)  # as PyAV says: counter-clockwise, then the flips
    expected = expected[:, ::-1] if flips[0] else expected
    expected = expected[::-1] if flips[1] else expected
    found = next(rgb_frames(tmp_path / "out.mp4"))
    assert found.shape == expected.shape and np.abs(found - expected).mean() < 4
    assert not facts(tmp_path / "out.mp4")["turn"]
    assert facts(tmp_path / "out.mp4")["shape"] == (Fraction(3, 4) if degrees in (90, 270) else Fraction(4, 3))


@pytest.mark.parametrize(
    ("ending", "codec", "pixel_format"),
    [
        (".mkv", "libx264", "yuvj420p"),
        (".mkv", "libx264", "yuv444p"),
        (".mkv", "ffv1", "bgr0"),
        (".mkv", "ffv1", "gray"),
        (".mkv", "ffv1", "gbrp10le"),
        (".mov", "prores_ks", "yuv422p10le"),
        (".mov", "png", "rgb24"),
        (".avi", "mjpeg", "yuvj420p"),
        (".avi", "mpeg4", "yuv420p"),
        (".webm", "libvpx", "yuv420p"),
        (".mpg", "mpeg2video", "yuv420p"),
        (".wmv", "wmv2", "yuv420p"),
        (".flv", "flv", "yuv420p"),
        (".ts", "libx264", "yuv420p"),
        (".3gp", "h263", "yuv420p"),
    ],
)
def test_kinds_of_video_come_back(tmp_path: Path, ending: str, codec: str, pixel_format: str) -> None:
    row = tried(ending, codec, pixel_format, tmp_path)
    assert row is not None and not isinstance(row, str)
    assert row.mean < 2.5 and not row.lost and len(KEPT) == 9
