"""What a picture's file carries is written into the painted one, in every format; what can't be written is one line."""

import errno
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ganzoo.errors import DataError, StorageError
from ganzoo.stylize import writing
from ganzoo.stylize.drafts import draft_of
from ganzoo.stylize.metadata import Metadata
from ganzoo.stylize.painting import Painted, paint_picture
from ganzoo.stylize.tiff import write_pages
from tests.data.icc import ADOBE_RGB

STRUCTURE = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284}
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def picture(width: int = 64, height: int = 48) -> Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def same(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels


def quiet(done: int, total: int) -> None:
    pass


def painted(source: Path, target: Path | None = None) -> tuple[Path, Painted]:
    target = target or source.with_name(f"painted-{source.name}")
    return target, paint_picture(source, target, same, quiet)


def tags_of(path: Path) -> dict[int, tuple[int, int, bytes]]:
    """Type, count and value of each entry in the first directory, read by hand: of a file with 32-bit offsets."""
    data = path.read_bytes()
    assert data[:4] == b"II\x2a\0"
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 13: 4}
    tags = {}
    for number in range(count):
        tag, kind, length = struct.unpack_from("<HHI", data, start + 2 + 12 * number)
        size, place = length * sizes[kind], start + 10 + 12 * number
        if size > 4:
            (place,) = struct.unpack_from("<I", data, place)
        assert place + size <= len(data)
        tags[tag] = (kind, length, data[place : place + size])
    return tags


def numbers(tag: tuple[int, int, bytes]) -> tuple[int, ...]:
    kind, count, data = tag
    return struct.unpack(f"<{count}{'H' if kind == 3 else 'I'}", data)


def exif_block(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[271], exif[305], exif[274] = "Camera", "Program", orientation
    exif.get_ifd(0x8769).update({36867: "2020:01:02 03:04:05", 40962: 64, 40963: 48, 37500: b"maker\0"})
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0)})
    return exif.tobytes()


def of_mode(mode: str) -> Image.Image:
    base = picture()
    if mode == "LAB":
        spaces = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
        lab = ImageCms.profileToProfile(base, *spaces, outputMode="LAB")
        assert lab is not None
        return lab
    if mode == "I;16":
        return Image.fromarray(np.asarray(base.convert("L")).astype(np.uint16) * 257)
    return (
        base.convert("RGBA").convert("PA")
        if mode == "PA"
        else base.convert("L" if mode in "IF" else "RGB").convert(mode)
    )


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_a_painted_tiff_describes_itself_whatever_the_mode_of_its_source(
    mode: str, compression: str, tmp_path: Path
) -> None:
    of_mode(mode).save(tmp_path / "in.tif", compression=compression, dpi=(300, 200), tiffinfo={271: "Camera"})
    target, _ = painted(tmp_path / "in.tif")
    tags = tags_of(target)
    samples = 4 if "A" in mode and mode != "LAB" else 3
    assert numbers(tags[256]) == (64,) and numbers(tags[257]) == (48,) and numbers(tags[262]) == (2,)
    assert numbers(tags[258]) == (8,) * samples and numbers(tags[277]) == (samples,)
    assert set(tags) - {338} == STRUCTURE | {271, 282, 283, 296} and sum(numbers(tags[279])) <= target.stat().st_size
    with Image.open(target) as written:
        assert written.mode == ("RGB" if samples == 3 else "RGBA")
        assert written.info["dpi"] == (300, 200) and written.info["compression"] == compression
        written.load()


@pytest.mark.parametrize("big", [False, True])
def test_a_tiff_on_its_side_comes_out_upright_and_whole(big: bool, tmp_path: Path) -> None:
    picture().save(tmp_path / "side.tif", exif=exif_block(6), dpi=(300, 200), big_tiff=big)
    target, told = painted(tmp_path / "side.tif")
    assert told.size == (48, 64) and not told.notes
    with Image.open(target) as written:
        expected = picture().transpose(Image.Transpose.ROTATE_270)
        assert np.array_equal(np.asarray(written), np.asarray(expected))
        exif = written.getexif()
        assert exif.get(274, 1) == 1 and exif[271] == "Camera" and written.info["dpi"] == (200, 300)
        inner = exif.get_ifd(0x8769)
        assert exif.get_ifd(0x8825)[2] == (1, 2, 3)
        assert (inner[36867], inner[37500]) == ("2020:01:02 03:04:05", b"maker\0")
        assert (inner[40962], inner[40963]) == (48, 64)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_exif_stands_beside_compressed_pixels_and_is_read_again(compression: str, tmp_path: Path) -> None:
    with (tmp_path / "a.tif").open("w+b") as file:
        write_pages([(picture(), Metadata(exif=exif_block(), compression=compression), None)], file, size=1)
    target, _ = painted(tmp_path / "a.tif")
    for path in (tmp_path / "a.tif", target):
        with Image.open(path) as written:
            exif = written.getexif()
            assert written.info["compression"] == compression and exif[271] == "Camera"
            assert exif.get_ifd(0x8825)[2] == (1, 2, 3) and exif.get_ifd(0x8769)[37500] == b"maker\0"
            difference = np.abs(np.asarray(written).astype(int) - np.asarray(picture())).max()
            assert difference <= (12 if compression == "jpeg" else 0)


def test_more_than_32_bits_can_count_becomes_bigtiff(tmp_path: Path) -> None:
    with (tmp_path / "a.tif").open("w+b") as file:
        pages = [(picture(), Metadata(exif=exif_block(), compression="tiff_lzw"), None)] * 2
        write_pages(pages, file, size=5_000_000_000)
    assert (tmp_path / "a.tif").read_bytes()[:4] == b"II\x2b\0"
    with Image.open(tmp_path / "a.tif") as written:
        for page in range(2):
            written.seek(page)
            assert np.array_equal(np.asarray(written), np.asarray(picture()))
            assert written.getexif().get_ifd(0x8825)[2] == (1, 2, 3)


def test_a_fax_becomes_deflate_and_says_so(tmp_path: Path) -> None:
    picture().convert("1").save(tmp_path / "fax.tif", compression="group4")
    target, told = painted(tmp_path / "fax.tif")
    with Image.open(target) as written:
        assert written.info["compression"] == "tiff_adobe_deflate"
        assert np.array_equal(np.asarray(written.convert("1")), np.asarray(picture().convert("1")))
    assert told.notes == ("compressed by Deflate, as group4 can't hold RGB",)


def test_a_map_keeps_its_place_on_earth_while_it_is_not_turned(tmp_path: Path) -> None:
    place = {33550: (10.0, 10.0, 0.0), 33922: (0.0, 0.0, 0.0, 500.0, 600.0, 0.0), 34735: (1, 1, 0, 0), 34737: "WGS 84|"}
    picture().save(tmp_path / "map.tif", tiffinfo=place, compression="tiff_lzw")
    with Image.open(painted(tmp_path / "map.tif")[0]) as written:
        assert {tag: written.tag_v2[tag] for tag in place} == place  # type: ignore[attr-defined]
    picture().save(tmp_path / "side.tif", tiffinfo=place | {274: 6})
    with Image.open(painted(tmp_path / "side.tif")[0]) as written:
        assert not set(place) & set(written.tag_v2)  # type: ignore[attr-defined]


@pytest.mark.parametrize("source", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("target", ["jpg", "png", "webp", "tif"])
def test_exif_and_xmp_go_from_each_format_into_each(source: str, target: str, tmp_path: Path) -> None:
    more = {"exif": exif_block(), "xmp": XMP} if source in ("jpg", "webp") else {"exif": exif_block()}
    if source == "tif":
        more = {"exif": exif_block()}
    picture().save(tmp_path / f"in.{source}", **more)
    path, told = painted(tmp_path / f"in.{source}", tmp_path / f"out.{target}")
    assert not told.notes
    with Image.open(path) as written:
        exif = written.getexif()
        assert exif[271] == "Camera" and exif.get_ifd(0x8825)[2] == (1, 2, 3)
        assert exif.get_ifd(0x8769)[36867] == "2020:01:02 03:04:05"
        if "xmp" in more:
            assert written.info.get("xmp", b"").rstrip(b"\0") == XMP
    assert target != "tif" or not {256, 257} - set(tags_of(path))


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "tif"])
def test_dots_per_inch_are_kept(ending: str, tmp_path: Path) -> None:
    picture().save(tmp_path / f"in.{ending}", dpi=(300, 300))
    with Image.open(painted(tmp_path / f"in.{ending}")[0]) as written:
        assert [round(float(one)) for one in written.info["dpi"]] == [300, 300]


def test_texts_comments_and_captions_are_kept(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Title", "Lake")
    texts.add_itxt("Author", "Zoë")
    picture().save(tmp_path / "a.png", pnginfo=texts)
    with Image.open(painted(tmp_path / "a.png")[0]) as written:
        assert written.text == {"Title": "Lake", "Author": "Zoë"}  # type: ignore[attr-defined]
    caption = b"\x1c\x02\x78\0\x04Lake"
    content = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(caption)) + caption + b"\0"
    segment = b"\xff\xed" + struct.pack(">H", len(content) + 2) + content
    picture().save(tmp_path / "a.jpg", comment=b"by hand", extra=segment)
    for target in ("b.jpg", "b.tif"):
        with Image.open(painted(tmp_path / "a.jpg", tmp_path / target)[0]) as written:
            kept = written.tag_v2[33723] if target == "b.tif" else written.info["photoshop"][0x0404]  # type: ignore[attr-defined]
            assert kept == caption and (target == "b.tif" or written.info["comment"] == b"by hand")


def test_what_is_transparent_is_white_where_the_format_has_no_transparency(tmp_path: Path) -> None:
    image = picture().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    image.save(tmp_path / "a.bmp", "PNG")
    target, told = painted(tmp_path / "a.bmp")
    assert told.notes == ("transparent parts laid on white, as BMP has none",)
    with Image.open(target) as written:
        assert written.getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("lossless", [False, True])
def test_a_lossless_webp_stays_so_and_no_other_becomes_one(frames: int, lossless: bool, tmp_path: Path) -> None:
    first, *others = (picture().rotate(90 * number, expand=False) for number in range(frames))
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(tmp_path / "in.webp", lossless=lossless, icc_profile=b"odd", exif=exif_block(), **more)
    target, _ = painted(tmp_path / "in.webp")
    with Image.open(tmp_path / "in.webp") as before, Image.open(target) as after:
        for number in range(frames):
            before.seek(number), after.seek(number)
            assert np.array_equal(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB"))) == lossless
    content = target.read_bytes()
    assert (b"VP8L" in content, b"VP8 " in content) == (lossless, not lossless)


@pytest.mark.parametrize("ending", ["bmp", "gif"])
def test_where_no_profile_can_be_written_colours_are_srgb_and_that_is_told(ending: str, tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8), (100, 200, 50))
    image.save(tmp_path / f"a.{ending}", "PNG", icc_profile=ADOBE_RGB)
    target, told = painted(tmp_path / f"a.{ending}")
    assert f"painted in sRGB, as {ending.upper()} has no colour profile" in told.notes
    spaces = (ImageCms.ImageCmsProfile(io.BytesIO(ADOBE_RGB)), ImageCms.createProfile("sRGB"))
    expected = ImageCms.profileToProfile(image, *spaces)
    assert expected is not None
    with Image.open(target) as written:
        assert np.abs(np.asarray(written.convert("RGB")).astype(int) - np.asarray(expected)).max() <= 1


def test_the_orientation_that_xmp_repeats_is_gone(tmp_path: Path) -> None:
    said = b"<x:xmpmeta><a tiff:Orientation='6' b='1'/><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>"
    picture().save(tmp_path / "a.jpg", exif=exif_block(6), xmp=said)
    target, told = painted(tmp_path / "a.jpg")
    with Image.open(target) as written:
        assert told.size == written.size == (48, 64) and b"Orientation" not in written.info["xmp"]
        assert b"b='1'" in written.info["xmp"]


def test_exif_too_long_for_jpeg_is_left_out_and_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[271], exif[305] = "Camera", "x" * 70_000
    picture().save(tmp_path / "a.jpg", "PNG", exif=exif)
    target, told = painted(tmp_path / "a.jpg")
    assert len(told.notes) == 1 and "is not kept, as JPEG holds 65,533" in told.notes[0]
    with Image.open(target) as written:
        assert written.format == "JPEG" and not written.getexif()


@pytest.mark.parametrize("excess", [0, 1])
def test_each_piece_of_metadata_may_fill_a_segment_of_a_jpeg(excess: int) -> None:
    def options(**one: bytes) -> tuple[str, ...]:
        more, notes = writing.options_of(Metadata(**one), "JPEG")  # type: ignore[arg-type]
        picture().save(io.BytesIO(), "JPEG", **more)
        return notes

    for name, most in (("exif", 65_533), ("xmp", 65_504), ("comment", 65_533), ("iptc", 65_506)):
        assert len(options(**{name: b"x" * (most + excess)})) == excess


def test_what_phones_say_of_a_video_behind_the_picture_is_not_kept(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.jpg", xmp=b"<x:xmpmeta><a GCamera:MotionPhoto='1'/></x:xmpmeta>")
    target, told = painted(tmp_path / "a.jpg")
    assert told.notes == ("a video or gain map behind the picture is not kept, nor the XMP that describes it",)
    with Image.open(target) as written:
        assert "xmp" not in written.info


@pytest.mark.parametrize(("ending", "width"), [("webp", 16_384), ("jpg", 65_501), ("gif", 65_536)])
def test_a_picture_too_large_for_its_format_is_refused_before_it_is_painted(
    ending: str, width: int, tmp_path: Path
) -> None:
    Image.new("RGB", (width, 2)).save(tmp_path / f"a.{ending}", "PNG")

    def paint(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        raise AssertionError

    with pytest.raises(DataError, match=f"{width} x 2 pixels are too many .* ending, such as .png"):
        paint_picture(tmp_path / f"a.{ending}", tmp_path / f"out.{ending}", paint, quiet)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_largest_that_a_format_holds_is_written(tmp_path: Path) -> None:
    for ending, width in (("webp", 16_383), ("jpg", 65_500)):
        Image.new("RGB", (width, 2)).save(tmp_path / f"a.{ending}", "PNG")
        with Image.open(painted(tmp_path / f"a.{ending}")[0]) as written:
            assert written.size == (width, 2)


def test_names_may_be_as_long_as_the_disk_allows(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    for length, fits in ((255, True), (256, False)):
        target = tmp_path / ("n" * (length - 4) + ".png")
        if fits:
            assert painted(tmp_path / "a.png", target)[0].is_file()
            continue
        with pytest.raises(StorageError, match="name too long"):
            painted(tmp_path / "a.png", target)


@pytest.mark.parametrize("plant", [lambda path, other: path.symlink_to(other), lambda path, other: os.mkfifo(path)])
def test_nothing_planted_in_the_place_of_a_draft_is_followed(
    plant: Callable[[Path, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture().save(tmp_path / "a.png")
    (tmp_path / "other").write_bytes(b"mine")
    for name in (".out.png.part", ".known.part.png"):  # the name of before, and one that was guessed
        plant(tmp_path / name, tmp_path / "other")
    painted(tmp_path / "a.png", tmp_path / "out.png")
    monkeypatch.setattr("ganzoo.io.files.secrets.token_hex", lambda _: "known")
    with pytest.raises(StorageError, match="File exists"):
        painted(tmp_path / "a.png", tmp_path / "again.png")
    assert (tmp_path / "other").read_bytes() == b"mine" and not (tmp_path / "again.png").exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device"), ValueError])
def test_no_draft_is_left_whatever_ends_the_writing(stop: BaseException | type[BaseException], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"before")
    with (
        pytest.raises(KeyboardInterrupt if stop is KeyboardInterrupt else StorageError),
        draft_of(tmp_path / "a.png") as file,
    ):
        file.write(b"half")
        assert len(list(tmp_path.iterdir())) == 2
        raise stop
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.png", b"before")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "bmp", "gif"])
def test_a_full_disk_is_named_as_such_by_every_format(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def fileno(self) -> int:
            raise io.UnsupportedOperation

    picture().save(tmp_path / "a.png")
    monkeypatch.setattr("ganzoo.stylize.drafts._Draft", Full)
    with pytest.raises(StorageError, match="No space left") as caught:
        painted(tmp_path / "a.png", tmp_path / f"out.{ending}")
    assert isinstance(caught.value.__cause__, OSError) and caught.value.__cause__.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_every_ending_has_a_format_that_pillow_writes() -> None:
    Image.init()
    assert set(writing.ENDINGS.values()) <= set(Image.SAVE)
