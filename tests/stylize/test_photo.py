"""What photos, masks and pictures from Python mean: the same brightness and colours as in training."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from ganzoo.config.units import Size
from ganzoo.data import colour, depth
from ganzoo.data import decode as rules
from ganzoo.data.decode import decode
from ganzoo.errors import DataError
from ganzoo.stylize import photo as photos
from ganzoo.stylize.painting import paint_picture
from ganzoo.stylize.photo import in_profile, mask_of, on_white, photo_of, read_photo
from ganzoo.stylize.writing import write_photo
from tests.data.deep_files import png, tiff
from tests.data.icc import ADOBE_RGB, GREY, LINEAR
from tests.data.pictures import png_header

RAMP = np.arange(64 * 64).reshape(64, 64)
DARK = RAMP * 4
"""Up to a quarter of 16 bits."""


def stored(tmp_path: Path, data: bytes, name: str = "a.png") -> Path:
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def colours() -> np.ndarray:
    levels = np.linspace(0, 255, 16).astype(np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(64, 64, 3)


FILES = {
    "dark": png(DARK),
    "twelve bits": png(RAMP),
    "twelve bits, RGB": png(np.dstack([RAMP] * 3)),
    "twelve bits, LA": png(np.dstack([RAMP, np.full_like(RAMP, 65535)])),
    "int32": tiff((RAMP * 9 - 700).astype("<i4")),
    "float": tiff((RAMP / 16).astype("<f4")),
    "white is zero": tiff(DARK.astype("<u2"), photometric=0),
}


@pytest.mark.parametrize("kind", FILES)
def test_training_painting_masks_and_python_see_the_same(kind: str, tmp_path: Path) -> None:
    trained, notes = decode(FILES[kind], Size(64, 64))
    read = read_photo(stored(tmp_path, FILES[kind]))
    assert np.abs(read.pixels.astype(int) - trained).max() <= 1
    assert set(read.notes) - {photos.LOST} == set(notes) - {rules.GREY}
    mask = mask_of(read_photo(tmp_path / "a.png"), (64, 64))
    assert np.abs(mask * 255 - trained[..., 0]).max() <= 1
    given = photo_of(Image.open(io.BytesIO(FILES[kind])))
    assert np.array_equal(given.pixels, read.pixels) and given.notes == read.notes


def test_a_dark_photo_of_sixteen_bits_stays_dark(tmp_path: Path) -> None:
    read = read_photo(stored(tmp_path, png(DARK)))
    assert np.abs(read.pixels[..., 0] - DARK / 257).max() <= 1 and read.notes == (depth.DEEP,)


@pytest.mark.parametrize("data", [png(np.full((9, 9), 32768)), tiff(np.full((9, 9), 0.5, "<f4"))])
def test_a_constant_mask_of_mid_grey_is_a_half(data: bytes, tmp_path: Path) -> None:
    assert np.abs(mask_of(read_photo(stored(tmp_path, data)), (30, 20)) - 0.5).max() <= 1 / 255


def test_what_is_transparent_in_a_mask_stays_a_photo(tmp_path: Path) -> None:
    values = np.full((8, 8, 2), 255, np.uint8)
    values[:, :4, 1] = 0
    Image.fromarray(values).save(tmp_path / "m.png")
    mask = mask_of(read_photo(tmp_path / "m.png"), (8, 8))
    assert mask[:, :4].max() == 0 and mask[:, 4:].min() == 1


def test_a_picture_given_in_python_is_not_changed() -> None:
    image = Image.fromarray(RAMP.astype(np.uint16))
    image.getexif()[rules.ORIENTATION] = 6
    read = photo_of(image)
    assert np.array_equal(read.pixels[..., 0], photo_of(Image.fromarray(RAMP.astype(np.uint16))).pixels[::-1, :, 0].T)
    assert image.mode == "I;16" and image.getexif()[rules.ORIENTATION] == 6


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_wide_profile_is_applied_kept_and_undone(mode: str, tmp_path: Path) -> None:
    """Colours that sRGB can't hold, such as Adobe RGB's green, come back too."""
    image = Image.fromarray(colours())
    image.putpixel((0, 0), (0, 255, 0))
    image = image.quantize(256) if mode == "P" else image.convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.fromarray((RAMP // 16).astype(np.uint8)))
    image.save(tmp_path / "a.png", icc_profile=ADOBE_RGB)
    read = read_photo(tmp_path / "a.png")
    before = np.asarray(image.convert("RGB"))
    assert read.profile == ADOBE_RGB and colour.PROFILE in read.notes
    assert np.abs(read.pixels.astype(int) - before).mean() > 3
    trained, _ = decode((tmp_path / "a.png").read_bytes(), Size(64, 64)) if mode != "RGBA" else (read.pixels, ())
    assert np.abs(trained.astype(int) - read.pixels).max() <= 1
    assert np.array_equal(in_profile(read, read.pixels), before)
    write_photo(read, read.pixels, tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as written:
        assert written.info["icc_profile"] == ADOBE_RGB
        assert np.array_equal(np.asarray(written.convert("RGB")), before)


def test_what_is_painted_gets_the_colours_of_the_profile(tmp_path: Path) -> None:
    """An independent conversion: that of a file with the painted colours in sRGB."""
    Image.fromarray(colours()).save(tmp_path / "a.png", icc_profile=ADOBE_RGB)
    read = read_photo(tmp_path / "a.png")
    painted = np.full_like(read.pixels, 120)
    painted[..., 0] = 10
    adobe = ImageCms.ImageCmsProfile(io.BytesIO(ADOBE_RGB))
    wanted = ImageCms.profileToProfile(Image.fromarray(painted), ImageCms.createProfile("sRGB"), adobe)
    assert wanted is not None
    far = np.abs(painted.astype(int) - read.pixels).max(axis=2) > 40
    assert far.mean() > 0.5
    assert np.abs(in_profile(read, painted)[far].astype(int) - np.asarray(wanted)[far]).max() <= 1


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_is_applied_and_the_loss_said(mode: str, tmp_path: Path) -> None:
    grey = Image.fromarray((RAMP // 16).astype(np.uint8)).convert(mode)
    grey.save(tmp_path / "a.png", icc_profile=GREY)
    read = read_photo(tmp_path / "a.png")
    trained, notes = decode((tmp_path / "a.png").read_bytes(), Size(64, 64))
    assert colour.PROFILE in notes and np.abs(trained.astype(int) - read.pixels).max() <= 1
    assert read.profile is None and read.notes == (colour.PROFILE, photos.LOST)
    level = RAMP // 16 / 255  # linear light
    curve = np.where(level <= 0.0031308, 12.92 * level, 1.055 * level ** (1 / 2.4) - 0.055) * 255
    assert np.abs(read.pixels[..., 0] - curve)[level > 0.1].max() <= 2


def test_a_profile_counts_as_srgb_by_its_colours_and_not_by_its_name(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = srgb.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    for profile, same in ((srgb, True), (renamed, True), (LINEAR, False)):
        Image.fromarray(colours()).save(tmp_path / "a.png", icc_profile=profile)
        read = read_photo(tmp_path / "a.png")
        assert np.array_equal(read.pixels, colours()) == same and (read.notes == ()) == same
        trained, _ = decode((tmp_path / "a.png").read_bytes(), Size(64, 64))
        assert np.abs(trained.astype(int) - read.pixels).max() <= 1
        assert np.array_equal(in_profile(read, read.pixels), colours())


def test_a_grey_photo_with_an_srgb_profile_gets_no_note(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("L", (20, 20), 99).save(tmp_path / "a.jpg", icc_profile=srgb)
    assert read_photo(tmp_path / "a.jpg").notes == ()
    assert decode((tmp_path / "a.jpg").read_bytes(), Size(8, 8))[1] == (rules.GREY,)


@pytest.mark.parametrize("mode", ["LAB", "YCbCr", "CMYK", "1", "P", "LA"])
def test_modes_of_tiff_have_their_colours(mode: str, tmp_path: Path) -> None:
    image = Image.new("RGB", (16, 16), (200, 40, 90))
    if mode == "LAB":
        transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", mode)
        made = ImageCms.applyTransform(image, transform)
        assert made is not None
    else:
        made = image.convert(mode)
    made.save(tmp_path / "a.tif")
    read = read_photo(tmp_path / "a.tif")
    wanted = np.asarray(image if mode in ("LAB", "YCbCr", "CMYK") else made.convert("RGB"))
    assert np.abs(read.pixels.astype(int) - wanted).max() <= 3
    trained, _ = decode((tmp_path / "a.tif").read_bytes(), Size(16, 16))
    assert np.abs(trained.astype(int) - wanted).max() <= 3


def test_hidden_colours_of_a_style_do_not_show() -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 4, 8, 8))
    shown = np.asarray(on_white(photo_of(image)))
    assert shown[0, 0].tolist() == [255, 255, 255] and shown[7, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("read", [read_photo, lambda path: paint_picture(path, path, lambda _: _, lambda *_: None)])
def test_a_file_larger_than_any_picture_is_refused_by_its_size(read: Callable[[Path], object], tmp_path: Path) -> None:
    with (tmp_path / "sparse.jpg").open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(2_000_000_000)
    with pytest.raises(DataError, match="2,000,000,000 bytes, at most"):
        read(tmp_path / "sparse.jpg")


def test_a_picture_that_does_not_fit_into_memory_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(photos, "free_memory", lambda: 3_000_000_000)
    with pytest.raises(DataError, match=r"a\.png': 400 megapixels need 12\.8 GB of memory, 3\.0 GB are free: make it"):
        read_photo(stored(tmp_path, png_header(20_000, 20_000)))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.slow  # 400 MB are decoded
def test_a_picture_beyond_the_limits_of_training_and_of_pillow_is_read(tmp_path: Path) -> None:
    image = Image.new("L", (10_000, 18_500), 77)
    image.save(tmp_path / "a.png")
    read = read_photo(tmp_path / "a.png")
    assert read.pixels.shape == (18_500, 10_000, 3) and read.pixels[9, 9].tolist() == [77] * 3
    with pytest.raises(ValueError, match="at most 64,000,000 are read"):
        decode((tmp_path / "a.png").read_bytes(), Size(8, 8))
