"""Every frame of an animation and every page of a document is painted at its time, or a note says what is left out."""

import io
import struct
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ganzoo.config.units import Size
from ganzoo.data.decode import FRAMES, decode
from ganzoo.errors import DataError
from ganzoo.stylize import frames
from ganzoo.stylize.gif import with_palette
from ganzoo.stylize.painting import Painted, paint_picture

DELAYS = [100, 200, 30, 1500]


def frame(number: int, *, transparent: bool = False, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A smooth picture with a clear border that moves, if it is transparent."""
    coarse = np.random.default_rng(number).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    if transparent:
        alpha = Image.new("L", size, 0)
        alpha.paste(255, (4 + number, 4, 40, 28))
        image.putalpha(alpha)
    return image


def make(path: Path, pictures: Sequence[Image.Image], **more: object) -> Path:
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **more)  # type: ignore[arg-type]
    return path


def same(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels


def painted(source: Path, target: Path | None = None) -> tuple[Path, Painted]:
    target = target or source.with_name(f"painted-{source.name}")
    return target, paint_picture(source, target, same, lambda done, total: None)


def shown(path: Path) -> tuple[object, list[tuple[NDArray[np.int_], float]]]:
    """Loop count and frames RGBA with their milliseconds, as plain Pillow reads them."""
    found = []
    with Image.open(path) as image:
        for number in range(1000):
            try:
                image.seek(number)
            except EOFError:
                break
            found.append((np.asarray(image.convert("RGBA")).astype(int), float(image.info.get("duration", 0))))
        return image.info.get("loop"), found


def differences(source: Path, target: Path) -> list[float]:
    """The mean difference of each frame, where it is not transparent; transparency must be equal."""
    means = []
    for (before, _), (after, _) in zip(shown(source)[1], shown(target)[1], strict=True):
        visible = before[..., 3] > 127
        assert np.array_equal(visible, after[..., 3] > 127)
        means.append(float(np.abs(before - after)[visible][:, :3].mean()))
    return means


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize(("ending", "bound"), [("gif", 0), ("png", 0), ("webp", 4)])
def test_animations_keep_frames_times_loops_and_transparency(
    ending: str, bound: float, transparent: bool, tmp_path: Path
) -> None:
    pictures = [frame(number, transparent=transparent) for number in range(4)]
    more = {"disposal": 2} if ending == "gif" else {"lossless": True} if ending == "webp" else {}
    source = make(tmp_path / f"a.{ending}", pictures, duration=DELAYS, loop=3, **more)
    target, told = painted(source)
    assert (told.frames, told.size, told.notes) == (4, (48, 32), ())
    loop, found = shown(target)
    assert loop == 3 and [delay for _, delay in found] == DELAYS
    assert max(differences(source, target)) <= bound


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("ending", ["gif", "png"])
def test_ffmpeg_reads_the_same_frames_at_the_same_times(ending: str, transparent: bool, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    pictures = [frame(number, transparent=transparent) for number in range(4)]
    target, _ = painted(make(tmp_path / "a.png", pictures, duration=DELAYS), tmp_path / f"b.{ending}")
    with av.open(str(target)) as container:
        found = [(round(1000 * one.time), one.to_ndarray(format="rgba")) for one in container.decode(video=0)]
    assert [at for at, _ in found] == [0, 100, 300, 330]
    for (_, one), (two, _) in zip(found, shown(target)[1], strict=True):
        visible = two[..., 3] > 127
        assert np.array_equal(visible, one[..., 3] > 127) and np.array_equal(one[visible], two[visible])


def test_times_of_a_gif_are_written_in_its_bytes(tmp_path: Path) -> None:
    source = make(tmp_path / "a.gif", [frame(number) for number in range(4)], duration=DELAYS, loop=0)
    data = painted(source)[0].read_bytes()
    controls = [data[place + 4 : place + 6] for place in range(len(data)) if data[place : place + 3] == b"!\xf9\x04"]
    assert [10 * int.from_bytes(one, "little") for one in controls] == DELAYS


def test_a_gif_that_plays_once_still_does(tmp_path: Path) -> None:
    source = make(tmp_path / "a.gif", [frame(0), frame(1)], duration=100)
    target, _ = painted(source)
    assert b"NETSCAPE" not in source.read_bytes() and b"NETSCAPE" not in target.read_bytes()


def test_each_frame_of_a_gif_has_a_palette_of_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = [
        Image.fromarray((np.asarray(frame(n)) // 2 + rng.integers(0, 99, (32, 48, 3))).astype(np.uint8)) for n in (0, 1)
    ]
    source = make(tmp_path / "a.png", pictures, duration=100)
    target, _ = painted(source, tmp_path / "a.gif")
    assert all(len(np.unique(pixels.reshape(-1, 4), axis=0)) > 200 for pixels, _ in shown(target)[1])
    assert max(differences(source, target)) < 8


def test_photos_become_gifs_that_look_like_them() -> None:
    height, width = 240, 320
    y, x = np.mgrid[:height, :width]
    sky = np.stack([90 + 80 * y / height, 140 + 60 * y / height, 220 - 20 * y / height], -1)
    ground = np.asarray(frame(3, size=(width, height))) * 0.7 + np.random.default_rng(0).normal(
        0, 8, (height, width, 3)
    )
    photo = np.where((y > 120 + 20 * np.sin(x / 30))[..., None], ground, sky).clip(0, 255).astype(np.uint8)
    picture, transparent = with_palette(Image.fromarray(photo))
    assert transparent is None
    assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - photo).mean() < 4.5
    hidden = Image.fromarray(photo)
    hidden.putalpha(Image.new("L", hidden.size, 0))
    assert np.asarray(with_palette(hidden)[0]).min() == with_palette(hidden)[1] == 255


def test_pages_of_a_tiff_keep_their_sizes_and_what_each_carries(tmp_path: Path) -> None:
    pictures = [frame(0), frame(1, size=(20, 60)), frame(2).convert("L"), frame(3, transparent=True)]
    for number, picture in enumerate(pictures):
        picture.encoderinfo = {"tiffinfo": {285: f"page {number}", 274: 6 if number == 1 else 1}}
    source = make(tmp_path / "a.tif", pictures, compression="tiff_lzw")
    target, told = painted(source)
    assert told.frames == 4 and not told.notes
    with Image.open(target) as written:
        for number, picture in enumerate(pictures):
            written.seek(number)
            expected = picture.transpose(Image.Transpose.ROTATE_270) if number == 1 else picture
            assert written.info["compression"] == "tiff_lzw" and written.tag_v2[285] == f"page {number}"
            assert np.array_equal(np.asarray(written.convert("RGBA")), np.asarray(expected.convert("RGBA")))


def test_smaller_copies_among_the_pages_are_left_out_and_told(tmp_path: Path) -> None:
    small = frame(0, size=(24, 16))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    target, told = painted(make(tmp_path / "a.tif", [frame(0), small, frame(1)]))
    assert len(shown(target)[1]) == 2 and told.notes == ("1 smaller copies or masks in the file are not kept",)


def test_an_animation_may_have_a_poster(tmp_path: Path) -> None:
    source = make(
        tmp_path / "a.png", [frame(number) for number in range(4)], default_image=True, duration=[100, 200, 300]
    )
    target, _ = painted(source)
    with Image.open(target) as written:
        assert written.info["default_image"] and written.n_frames == 4
    assert differences(source, target) == [0, 0, 0, 0]
    assert [delay for _, delay in shown(target)[1]][1:] == [100, 200, 300]


def test_an_avif_becomes_an_animated_png(tmp_path: Path) -> None:
    source = make(tmp_path / "a.avif", [frame(number) for number in range(4)], duration=DELAYS)
    target, _ = painted(source, tmp_path / "a.png")
    assert [delay for _, delay in shown(target)[1]] == DELAYS and differences(source, target) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "ending", "words"),
    [
        ("GIF", "jpg", "the first of several frames, as JPEG holds one picture"),
        ("WEBP", "bmp", "the first of several frames, as BMP holds one picture"),
        ("TIFF", "png", "the first of several pages, as PNG holds one picture"),
        ("MPO", "jpg", "the first of several pictures in the file; the others are not kept"),
        ("PNG", "tif", "the time of each frame is not kept, as TIFF has none"),
    ],
)
def test_what_a_format_can_not_hold_is_told(kind: str, ending: str, words: str, tmp_path: Path) -> None:
    source = make(tmp_path / f"a.{ending}", [frame(0), frame(1)], format=kind)
    target, told = painted(source)
    assert told.notes == (words,)
    with Image.open(target) as written:
        assert written.convert("RGB").size == (48, 32)


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_frames_before_a_broken_one_are_painted_and_told(ending: str, tmp_path: Path) -> None:
    source = make(tmp_path / f"a.{ending}", [frame(number) for number in range(6)], duration=100)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    if ending == "webp":  # is refused as a whole, by its header
        with pytest.raises(DataError, match=r"a\.webp"):
            painted(source)
        return
    target, told = painted(source)
    assert 2 <= told.frames < 6 and len(shown(target)[1]) == told.frames
    assert len(told.notes) == 1 and f"so only the {told.frames} before it are painted" in told.notes[0]


@pytest.mark.parametrize("broken", [[1], [1, 2, 3]])
def test_pages_that_can_not_be_read_are_left_out_alone_and_told(broken: list[int], tmp_path: Path) -> None:
    source = make(tmp_path / "a.tif", [frame(number) for number in range(5)])
    data = bytearray(source.read_bytes())
    with Image.open(source) as image:
        for page in broken:
            image.seek(page)
            struct.pack_into("<H", data, image.tag_v2.offset + 2, 60_000)  # type: ignore[attr-defined]  # no width
    source.write_bytes(data)
    target, told = painted(source)
    assert len(shown(target)[1]) == 5 - len(broken)
    assert told.notes[0].startswith("page 2 can't be read (")
    assert told.notes[1:] == (() if len(broken) == 1 else ("nor can 2 others",))


def chain(count: int, *, side: int = 1, back_to: int | None = None) -> bytes:
    """A TIFF of that many directories of a small grey picture; the last one may point back."""
    sides = {256: side, 257: side, 278: side, 279: side * side}
    entries = sorted((sides | {258: 8, 259: 1, 262: 1, 273: 8, 277: 1}).items())
    size = 2 + 12 * len(entries) + 4
    data = bytearray(b"II\x2a\0" + struct.pack("<I", 16) + bytes(8))
    for number in range(count):
        following = 16 + size * (number + 1) if number + 1 < count else 0 if back_to is None else 16 + size * back_to
        data += struct.pack("<H", len(entries))
        for tag, value in entries:
            data += struct.pack("<HHII", tag, 4, 1, value)
        data += struct.pack("<I", following)
    return bytes(data)


def test_a_long_chain_of_directories_is_not_walked_through(tmp_path: Path) -> None:
    data = chain(40_000, side=16)
    began = time.perf_counter()
    assert FRAMES in decode(data, Size(16, 16))[1]
    (tmp_path / "a.png").write_bytes(data)
    _, told = painted(tmp_path / "a.png")
    assert told.notes == ("the first of several pages, as PNG holds one picture",)
    assert time.perf_counter() - began < 3


def test_the_note_on_several_frames_needs_no_count() -> None:
    buffer = io.BytesIO()
    frame(0).save(buffer, "TIFF", save_all=True, append_images=[frame(1)])
    assert FRAMES in decode(buffer.getvalue(), Size(16, 16))[1]


def test_no_more_pages_are_painted_than_the_limit_which_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST", 20)
    (tmp_path / "a.tif").write_bytes(chain(5_000))
    target, told = painted(tmp_path / "a.tif")
    assert told.frames == len(shown(target)[1]) == 20
    assert told.notes == ("has more than 20 frames, of which the first 20 are painted",)
    (tmp_path / "b.tif").write_bytes(chain(20))
    assert painted(tmp_path / "b.tif")[1].notes == ()


@pytest.mark.parametrize("back_to", [0, 1, 2])
def test_directories_in_a_circle_end(back_to: int, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(chain(3, back_to=back_to))
    assert painted(tmp_path / "a.tif")[1].frames == 3


def test_progress_counts_the_frames(tmp_path: Path) -> None:
    source = make(tmp_path / "a.gif", [frame(number) for number in range(3)])
    counts: list[tuple[int, int]] = []
    paint_picture(source, tmp_path / "b.gif", same, lambda *now: counts.append(now))
    assert counts == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_memory_holds_a_frame_at_a_time(ending: str, tmp_path: Path) -> None:
    source = make(tmp_path / f"a.{ending}", [frame(number) for number in range(8)])
    painted_before: list[weakref.ref[NDArray[np.uint8]]] = []

    def paint(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert sum(one() is not None for one in painted_before) <= 2
        own = pixels.copy()
        painted_before.append(weakref.ref(own))
        return own

    paint_picture(source, tmp_path / f"b.{ending}", paint, lambda done, total: None)
    assert len(painted_before) == 8
