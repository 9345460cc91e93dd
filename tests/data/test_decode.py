"""What each odd file becomes: rows 13 to 26 of the list of faults, and files that were changed at random."""

import io
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ganzoo import api
from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data import colour
from ganzoo.data import decode as rules
from ganzoo.data.cache import prepare
from ganzoo.data.decode import decode
from ganzoo.data.folder import FolderSource
from ganzoo.errors import DataError
from tests.data.pictures import png_header

SIZE = Size(16, 16)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)  # type: ignore[arg-type]
    return file.getvalue()


def gradient(width: int = 64, height: int = 64) -> Image.Image:
    """Red grows to the right, green downwards, blue is 60."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 60)], axis=2).astype(np.uint8))


def mean(pixels: np.ndarray) -> list[int]:
    return [round(value) for value in pixels.reshape(-1, 3).mean(axis=0)]


PLAIN = gradient()
REFERENCE = decode(encoded(PLAIN, "PNG"), SIZE)[0].astype(int)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000"])
def test_ordinary_formats_give_the_same_picture_and_no_note(form: str) -> None:
    pixels, notes = decode(encoded(PLAIN, form), SIZE)
    assert notes == () and pixels.dtype == np.uint8 and pixels.shape == (16, 16, 3)
    assert np.abs(pixels - REFERENCE).mean() < 3


# Row 13: cut off.
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_refused(form: str, part: float) -> None:
    data = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), form)
    with pytest.raises(ValueError) as told:
        decode(data[: int(part * len(data))], SIZE)
    assert len(str(told.value).splitlines()) == 1


# Row 15: no image.
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"just a text", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"\xff\xd8\xff\xe0 and no more", "Truncated|damaged"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heic", r"ganzoo-core\[heic\]"),
    ],
)
def test_what_is_no_image_is_named(monkeypatch: pytest.MonkeyPatch, data: bytes, words: str) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    with pytest.raises(ValueError, match=words):
        decode(data, SIZE)


# Row 16: a bomb is refused from its header. The largest is over Pillow's own limit too.
@pytest.mark.parametrize("side", [8001, 14_000, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError, match="pixels"):
        decode(png_header(side, side), SIZE)
    assert time.perf_counter() - started < 1


# Row 17: more than 8 bits.
@pytest.mark.parametrize(
    ("values", "form"),
    [
        (np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16), "PNG"),
        (np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16), "TIFF"),
        (np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.int32), "TIFF"),
        (np.linspace(0, 1, 64 * 64).reshape(64, 64).astype(np.float32), "TIFF"),
        (np.linspace(-9, 4095, 64 * 64).reshape(64, 64).astype(np.float32), "TIFF"),
    ],
)
def test_deep_greys_are_scaled_and_not_clipped(values: np.ndarray, form: str) -> None:
    pixels, notes = decode(encoded(Image.fromarray(values), form), SIZE)
    assert rules.DEEP in notes
    assert pixels.min() < 12 and pixels.max() > 243 and abs(pixels.mean() - 127) < 3
    assert (pixels == 255).mean() < 0.1


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_order_of_bytes_does_not_matter(order: str) -> None:
    header = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    values = (1000).to_bytes(2, "little" if order == "<" else "big") * 1024
    tags = [(256, 32), (257, 32), (258, 16), (259, 1), (262, 1), (273, 134), (277, 1), (278, 32), (279, 2048)]
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags)
    data = header + struct.pack(order + "H", len(tags)) + entries + bytes(4)
    data += bytes(134 - len(data)) + values
    assert decode(data, SIZE)[0].max() == 62  # 1000 of 4095


def test_values_that_are_not_finite_are_black() -> None:
    values = np.full((32, 32), np.nan, np.float32)
    values[:, 16:] = 1.0
    pixels, _ = decode(encoded(Image.fromarray(values), "TIFF"), SIZE)
    assert pixels[:, :5].max() == 0 and pixels[:, 11:].min() >= 250


# Row 18: CMYK and colour profiles.
def test_cmyk_without_a_profile_is_converted_and_noted() -> None:
    pixels, notes = decode(encoded(PLAIN.convert("CMYK"), "JPEG"), SIZE)
    assert notes == (colour.CMYK_NAIVE,) and np.abs(pixels - REFERENCE).mean() < 4


def display_profile() -> bytes:
    """A profile with primaries of its own: sRGB's with the red and blue columns exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[i : i + 4]): i for i in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    data[red + 4 : red + 12], data[blue + 4 : blue + 12] = data[blue + 4 : blue + 12], data[red + 4 : red + 12]
    return bytes(data).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_embedded_profile_is_applied(form: str) -> None:
    image = Image.new("RGB", (64, 64), (220, 30, 40))
    pixels, notes = decode(encoded(image, form, icc_profile=display_profile()), SIZE)
    assert notes == (colour.PROFILE,)
    assert np.abs(pixels.reshape(-1, 3).mean(axis=0) - (40, 30, 220)).max() < 8


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels, notes = decode(encoded(PLAIN, "PNG", icc_profile=profile), SIZE)
    assert notes == () and np.array_equal(pixels, REFERENCE)


@pytest.mark.parametrize("profile", [b"nonsense", display_profile()[:300]])
def test_a_damaged_profile_is_ignored_and_noted(profile: bytes) -> None:
    pixels, notes = decode(encoded(PLAIN, "PNG", icc_profile=profile), SIZE)
    assert notes == (colour.BAD_PROFILE,) and np.array_equal(pixels, REFERENCE)


def test_a_profile_of_another_colour_space_is_ignored_and_noted() -> None:
    pixels, notes = decode(encoded(PLAIN.convert("L"), "PNG", icc_profile=display_profile()), SIZE)
    assert notes == (rules.GREY, colour.BAD_PROFILE) and np.ptp(pixels, axis=2).max() == 0


# Row 19: transparency.
def test_hidden_colours_under_transparency_do_not_show() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 32, 64, 64))
    pixels, notes = decode(encoded(image, "PNG"), SIZE)
    assert notes == (rules.TRANSPARENT,)
    assert mean(pixels[:6]) == [255, 255, 255] and mean(pixels[-6:]) == [0, 0, 255]


@pytest.mark.parametrize("mode", ["LA", "P"])
def test_grey_and_palette_transparency(mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": image.getpixel((0, 0))} if mode == "P" else {}
    pixels, notes = decode(encoded(image, "PNG", **options), SIZE)
    assert notes == (rules.TRANSPARENT,) and pixels.min() == 255


def test_an_opaque_alpha_channel_is_no_matter() -> None:
    pixels, notes = decode(encoded(PLAIN.convert("RGBA"), "PNG"), SIZE)
    assert notes == () and np.array_equal(pixels, REFERENCE)


# Row 20: several pictures in a file.
@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_an_animation_the_first_picture_is_taken(form: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    pixels, notes = decode(encoded(frames[0], form, save_all=True, append_images=frames[1:]), SIZE)
    assert notes == (rules.FRAMES,)
    assert np.abs(np.array(mean(pixels)) - (250, 0, 0)).max() < 5


# Row 21: orientation.
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright(form: str, orientation: int) -> None:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse of what EXIF asks for, as Image.Transpose numbers
    stored = PLAIN.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else PLAIN
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels, _ = decode(encoded(stored, form, exif=exif), SIZE)
    assert np.abs(pixels - REFERENCE).mean() < 3


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_costs_the_orientation_only() -> None:
    data = encoded(PLAIN, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 40)
    pixels, _ = decode(data, SIZE)
    assert np.abs(pixels - REFERENCE).mean() < 3


# Row 22: sizes and shapes.
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 20_000), (7, 64), (8, 65), (20_000, 100)])
def test_pictures_too_small_or_too_long_are_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match=f"{width} x {height} pixels"):
        decode(encoded(Image.new("RGB", (width, height)), "PNG"), SIZE)


def test_small_pictures_are_enlarged_and_noted() -> None:
    pixels, notes = decode(encoded(gradient(9, 8), "PNG"), Size(64, 96))
    assert notes == (rules.ENLARGED,) and pixels.shape == (64, 96, 3)


def test_a_large_jpeg_is_decoded_at_a_fraction() -> None:
    big = encoded(PLAIN.resize((4000, 3000)), "JPEG")
    pixels, notes = decode(big, Size(48, 64))
    assert notes == ()
    assert np.abs(pixels.astype(int) - np.asarray(PLAIN.resize((64, 48), Image.Resampling.LANCZOS))).mean() < 3


# Row 23: greys.
@pytest.mark.parametrize("mode", ["L", "1"])
def test_greys_have_three_equal_channels(mode: str) -> None:
    pixels, notes = decode(encoded(PLAIN.convert(mode), "PNG"), SIZE)
    assert pixels.shape == (16, 16, 3) and np.ptp(pixels, axis=2).max() == 0
    assert notes in ((rules.GREY,), ())


def oddities(folder: Path) -> dict[str, str]:
    """One file of each oddity, and what is expected of it: a problem's words, a note, or "" for a plain picture."""
    noise = Image.effect_noise((200, 200), 80).convert("RGB")
    jpeg = encoded(noise, "JPEG")
    flipped = bytearray(jpeg)
    flipped[len(jpeg) // 2] ^= 1
    turned = Image.Exif()
    turned[0x0112] = 6
    deep = Image.fromarray(np.linspace(0, 65535, 4096).reshape(64, 64).astype(np.uint16))
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    files: dict[str, tuple[bytes, str]] = {
        "good.jpg": (encoded(PLAIN, "JPEG"), ""),
        "same as good.jpg": (encoded(PLAIN, "JPEG"), ""),
        "half.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "flipped.jpg": (bytes(flipped), ""),
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"text", "not an image"),
        "bomb.png": (png_header(8001, 8001), "at most 64,000,000"),
        "deep.png": (encoded(deep, "PNG"), rules.DEEP),
        "cmyk.jpg": (encoded(PLAIN.convert("CMYK"), "JPEG"), colour.CMYK_NAIVE),
        "profile.jpg": (encoded(PLAIN, "JPEG", icc_profile=display_profile()), colour.PROFILE),
        "clear.png": (encoded(clear, "PNG"), rules.TRANSPARENT),
        "moving.gif": (encoded(PLAIN, "GIF", save_all=True, append_images=[noise]), rules.FRAMES),
        "turned.jpg": (encoded(gradient(96, 64), "JPEG", exif=turned), ""),
        "dot.png": (encoded(Image.new("RGB", (1, 1)), "PNG"), "each side must have 8"),
        "line.png": (encoded(Image.new("RGB", (10, 2000)), "PNG"), "longer than 8 to 1"),
        "grey.png": (encoded(PLAIN.convert("L"), "PNG"), rules.GREY),
        "float.tif": (encoded(Image.fromarray(np.eye(64, dtype=np.float32)), "TIFF"), rules.DEEP),
        "phone.avif": (encoded(PLAIN, "AVIF"), ""),
        "line\nbreak.png": (encoded(PLAIN, "PNG"), ""),
        "\u00fcmlaut \u2603.png": (encoded(PLAIN, "PNG"), ""),
        os.fsdecode(b"\xff\xfe.png"): (encoded(PLAIN, "PNG"), ""),
        os.fsdecode(b"\xff\xfe half.png"): (encoded(PLAIN, "PNG")[:99], "truncated"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "self.jpg").symlink_to("self.jpg")
    (folder / "circle").symlink_to(folder)
    (folder / "readme.txt").write_text("no picture, not counted")
    os.mkfifo(folder / "pipe.jpg")
    return {
        **{name: expected for name, (_, expected) in files.items()},
        "gone.jpg": "no such file or directory",
        "self.jpg": "too many levels of symbolic links",
        "pipe.jpg": "not an ordinary file",
    }


def test_a_folder_of_every_oddity(tmp_path: Path) -> None:
    expected = oddities(tmp_path)
    read = {p.name: p for p in FolderSource(FolderOptions(path=str(tmp_path))).pictures(SIZE)}
    assert read.keys() == expected.keys()
    for name, words in expected.items():
        picture = read[name]
        if picture.pixels is None:
            assert words and words in picture.problem, name
        else:
            assert (words in picture.notes) if words else picture.notes == (), name
            assert not picture.problem


def test_a_folder_of_oddities_trains_when_told_to(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    oddities(photos)
    options = {"out": tmp_path / "run", "data": str(photos), "tiny": True, "budget": "2steps"}
    with pytest.raises(DataError, match=r"10 of 25 images can't be used.*--set max_bad=0.4"):
        api.run("dcgan", **options)
    run = api.run("dcgan", **options, max_bad=0.4)
    assert run.outcome == "done"
    text = (run.folder / "run.json").read_text()
    assert all(name in text for name in ("half.jpg", "pipe.jpg", "gone.jpg", rules.FRAMES))


def test_one_image_trains(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "only.png").write_bytes(encoded(PLAIN, "PNG"))
    assert api.run("dcgan", out=tmp_path / "run", data=str(photos), tiny=True, budget="2steps").outcome == "done"


def test_a_file_that_changes_after_it_was_read_changes_nothing_until_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(PLAIN, "PNG"))
    source = FolderSource(FolderOptions(path=str(tmp_path)))
    images = prepare(source, SIZE)
    (tmp_path / "a.png").unlink()
    assert np.array_equal(images.pixels[0], REFERENCE)


SEEDS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(gradient(40, 30), "JPEG"),
    "progressive": lambda: encoded(gradient(40, 30), "JPEG", progressive=True),
    "cmyk": lambda: encoded(gradient(40, 30).convert("CMYK"), "JPEG"),
    "profile": lambda: encoded(gradient(40, 30), "JPEG", icc_profile=display_profile()),
    "png": lambda: encoded(gradient(40, 30), "PNG"),
    "palette": lambda: encoded(gradient(40, 30).convert("P"), "PNG", transparency=3),
    "deep": lambda: encoded(Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40)), "PNG"),
    "gif": lambda: encoded(gradient(40, 30), "GIF", save_all=True, append_images=[gradient(40, 30).rotate(90)]),
    "webp": lambda: encoded(gradient(40, 30), "WEBP"),
    "tiff": lambda: encoded(gradient(40, 30), "TIFF", compression="tiff_lzw"),
    "bmp": lambda: encoded(gradient(40, 30), "BMP"),
    "ppm": lambda: encoded(gradient(40, 30), "PPM"),
    "avif": lambda: encoded(gradient(40, 30), "AVIF"),
    "jpeg2000": lambda: encoded(gradient(40, 30), "JPEG2000"),
}
EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=4)), min_size=1, max_size=8)


@pytest.mark.parametrize("seed", SEEDS)
@given(edits=EDITS, cut=st.floats(0.1, 1))
@settings(max_examples=60, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@pytest.mark.filterwarnings("ignore")  # Pillow warns of damaged metadata, which the picture survives
def test_a_file_changed_at_random_is_a_picture_or_one_line(
    seed: str, edits: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(SEEDS[seed]())
    for place, text in edits:
        at = int(place * (len(data) - 1))
        data[at : at + len(text)] = text
    try:
        pixels, notes = decode(bytes(data[: int(cut * len(data))]) if cut < 0.9 else bytes(data), SIZE)
    except ValueError as error:
        assert str(error) and len(str(error).splitlines()) == 1
    else:
        assert pixels.shape == (16, 16, 3) and pixels.dtype == np.uint8
        assert all(isinstance(note, str) for note in notes)


@given(data=st.binary(max_size=400))
@settings(max_examples=200, deadline=5000, derandomize=True)
def test_bytes_of_any_kind_are_one_line(data: bytes) -> None:
    with pytest.raises(ValueError) as told:
        decode(data, SIZE)
    assert len(str(told.value).splitlines()) == 1


def test_a_picture_of_the_wanted_size_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(expected).save(stream, "PNG")
    monkeypatch.setattr(Image.Image, "copy", None)
    pixels, _ = decode(stream.getvalue(), Size(24, 32))
    assert np.array_equal(pixels, expected)
