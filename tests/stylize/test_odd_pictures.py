"""Odd pictures that users of other projects brought to their trackers, painted with strength 0, which gives them back.

Each test names the report. Plain Pillow, or the bytes of the file, say what came out.
"""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.stylize.odd import Paint, difference, photo


def _png(*chunks: tuple[bytes, bytes], profile: bytes | None = None) -> bytes:
    """A PNG with these chunks behind its header."""
    buffer = BytesIO()
    photo().save(buffer, "PNG", icc_profile=profile)
    plain = buffer.getvalue()
    more = [struct.pack(">I", len(content)) + name + content for name, content in chunks]
    return plain[:33] + b"".join(one + struct.pack(">I", zlib.crc32(one[4:])) for one in more) + plain[33:]


def _chunks(file: Path) -> dict[bytes, bytes]:
    content, at, found = file.read_bytes(), 8, {}
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        found[content[at + 4 : at + 8]] = content[at + 8 : at + 8 + length]
        at += length + 12
    return found


@pytest.mark.parametrize(
    "chunks",
    [
        ((b"gAMA", struct.pack(">I", 100_000)),),
        ((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", struct.pack(">8I", *range(30_000, 70_000, 5_000)))),
        ((b"cICP", bytes((9, 16, 0, 1))),),
        ((b"sRGB", b"\0"),),
    ],
)
def test_a_png_without_a_profile_keeps_what_its_colours_mean(
    paint: Paint, tmp_path: Path, chunks: tuple[tuple[bytes, bytes], ...]
) -> None:
    """Without them the picture looks lighter or paler (mypaint/mypaint#129, image-rs/image#2619)."""
    (tmp_path / "a.png").write_bytes(_png(*chunks))
    assert paint(tmp_path / "a.png") == 0
    painted = _chunks(tmp_path / "out/a.png")
    assert {name: painted.get(name) for name, _ in chunks} == dict(chunks)
    with Image.open(tmp_path / "a.png") as before, Image.open(tmp_path / "out/a.png") as after:
        assert difference(before, after) == 0


def test_a_png_with_a_long_workflow_is_painted(paint: Paint, tmp_path: Path) -> None:
    """Programs keep all that made a picture inside it, packed (python-pillow/Pillow#8363)."""
    info = PngInfo()
    info.add_text("workflow", "x" * 1_500_000, zip=True)
    photo().save(tmp_path / "a.png", pnginfo=info)
    assert paint(tmp_path / "a.png") == 0


@pytest.mark.parametrize("ending", ["jfif", "jpe", "JFIF"])
def test_a_jpeg_of_another_ending_stays_a_jpeg(paint: Paint, tmp_path: Path, ending: str) -> None:
    """Windows saves pictures of web pages so (sylikc/jpegview#168, regosen/gallery_get#76)."""
    photo().save(tmp_path / f"a.{ending}", "JPEG", quality=95)
    assert paint(tmp_path / f"a.{ending}") == 0
    with Image.open(tmp_path / f"out/a.{ending}") as after:
        assert after.format == "JPEG"


def test_a_jpeg_cut_off_in_its_last_scan_is_told_in_words(
    paint: Paint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A progressive one looks nearly whole (python-pillow/Pillow#2717, #1767)."""
    photo(240, 320).save(tmp_path / "a.jpg", progressive=True)
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: content.rindex(b"\xff\xda") + 40])
    assert paint(tmp_path / "a.jpg") == 3
    said = capsys.readouterr().err
    assert "truncated" in said and "Error" not in said and len(said.splitlines()) == 1


def _exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """A little-endian block of entries: tag, type, count and value."""
    at, head, tail = 8 + 2 + 12 * len(entries) + 4, b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)), b""
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", at + len(tail))
        head += struct.pack("<HHI", tag, kind, count) + place
        tail += value if len(value) > 4 else b""
    return head + bytes(4) + tail


_TURNED = (0x112, 3, 1, b"\x06\0")


@pytest.mark.parametrize(
    "block",
    [
        _exif(_TURNED, (0x9204, 10, 1, struct.pack("<ii", -2, 0))),  # python-pillow/Pillow#8965
        _exif(_TURNED, (0x11A, 5, 2, struct.pack("<4I", 72, 1, 72, 1))),  # python-pillow/Pillow#4665
        b"Exif\0\0" + _exif(_TURNED),  # python-pillow/Pillow#8348
    ],
)
@pytest.mark.filterwarnings("ignore:Metadata Warning")
def test_damaged_exif_turns_a_photo_all_the_same(paint: Paint, tmp_path: Path, block: bytes) -> None:
    photo().save(tmp_path / "a.jpg", exif=b"Exif\0\0" + block, quality=95)
    assert paint(tmp_path / "a.jpg") == 0
    with Image.open(tmp_path / "a.jpg") as before, Image.open(tmp_path / "out/a.jpg") as after:
        assert difference(before.rotate(-90, expand=True), after) <= 40 and after.getexif()[0x112] == 1


def test_placeholders_are_told_and_names_that_differ_in_case_stay_apart(
    paint: Paint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clouds list files before they send them (CyberTimon/RapidRAW#1644, stashapp/stash#1756)."""
    folder = tmp_path / "trip"
    folder.mkdir()
    names = {"a.jpg", "A.jpg", "A.JPG"}
    for name in names:
        photo().save(folder / name, "JPEG")
    if len(list(folder.iterdir())) < len(names):
        pytest.skip("the file system ignores case")
    (folder / "b.jpg").touch()
    assert paint(folder) == 1
    assert {one.name for one in (tmp_path / "out").iterdir()} == names
    assert "the file is empty" in capsys.readouterr().err
