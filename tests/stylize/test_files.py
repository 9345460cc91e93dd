"""Files as users have them: what they carry is kept, and what is odd is reported in one line."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from ganzoo.errors import DataError, UsageError
from ganzoo.stylize.jobs import jobs_of
from ganzoo.stylize.photo import mask_of, read_photo
from ganzoo.stylize.writing import write_photo


def picture(width: int = 20, height: int = 10) -> Image.Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (200, 40, 90)
    return Image.fromarray(pixels)


def test_a_photo_on_its_side_comes_out_upright_with_its_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    picture().save(tmp_path / "side.jpg", exif=exif)
    photo = read_photo(tmp_path / "side.jpg")
    assert photo.pixels.shape == (20, 10, 3)
    write_photo(photo, photo.pixels, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as written:
        kept = written.getexif()
        assert (written.size, kept[0x0112], kept[0x010F]) == ((10, 20), 1, "Camera")
        assert kept.get_ifd(0x8825)[2] == (1.0, 2.0, 3.0)


def test_transparency_and_profile_are_kept(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = picture().convert("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.arange(20, dtype=np.uint8) * 12, (10, 1))))
    image.save(tmp_path / "in.png", icc_profile=profile)
    photo = read_photo(tmp_path / "in.png")
    write_photo(photo, photo.pixels, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as written:
        assert np.array_equal(np.asarray(written.getchannel("A")), np.asarray(image.getchannel("A")))
    picture().save(tmp_path / "p.jpg", icc_profile=profile)
    photo = read_photo(tmp_path / "p.jpg")
    write_photo(photo, photo.pixels, tmp_path / "q.jpg")
    with Image.open(tmp_path / "q.jpg") as written:
        assert written.info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA", "I;16"])
def test_every_mode_is_read(mode: str, tmp_path: Path) -> None:
    ending = "jpg" if mode == "CMYK" else "png"
    image = Image.fromarray(np.full((4, 5), 30000, np.uint16)) if mode == "I;16" else picture(5, 4).convert(mode)
    image.save(tmp_path / f"a.{ending}")
    assert read_photo(tmp_path / f"a.{ending}").pixels.shape == (4, 5, 3)


def test_a_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8nothing")
    with pytest.raises(DataError, match=r"a\.jpg'") as caught:
        read_photo(tmp_path / "a.jpg")
    assert "\n" not in str(caught.value)


def test_a_mask_takes_the_size_of_the_photo(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 255]], np.uint8)).resize((20, 20), 0).save(tmp_path / "m.png")
    mask = mask_of(read_photo(tmp_path / "m.png"), (50, 80))
    assert mask.shape == (50, 80) and mask[25, 5] == 0 and mask[25, 75] == 1


def test_inputs_are_files_folders_and_patterns_and_folders_keep_their_shape(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.jpg", "deep/b.png", "c.gif", "notes.txt", ".hidden.jpg"):
        (folder / name).write_bytes(b"")
    found = {job.target.relative_to(tmp_path / "out").as_posix() for job in jobs_of([str(folder)], tmp_path / "out")}
    assert found == {"a.jpg", "deep/b.png", "c.gif"}
    assert [job.kind for job in jobs_of([str(folder / "*.jpg")], tmp_path / "out")] == ["picture"]
    (folder / "d.jp2").write_bytes(b"")
    assert jobs_of([str(folder / "d.jp2")], tmp_path / "out")[0].target.name == "d.png"


def test_inputs_that_can_not_be_translated_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for name in ("one/a.jpg", "two/a.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="would both become"):
        jobs_of([str(tmp_path / "one/a.jpg"), str(tmp_path / "two/a.jpg")], out)
    with pytest.raises(UsageError, match="would be overwritten"):
        jobs_of([str(tmp_path / "one/a.jpg")], tmp_path / "one")
    with pytest.raises(UsageError, match="no such file"):
        jobs_of([str(tmp_path / "nothing.jpg")], out)
    with pytest.raises(UsageError, match="not that of a picture or video"):
        jobs_of([str(tmp_path / "notes.txt")], out)
    with pytest.raises(UsageError, match="no picture or video"):
        (tmp_path / "empty").mkdir()
        jobs_of([str(tmp_path / "empty")], out)


def test_a_png_in_a_cut_off_jpeg_s_place_leaves_no_draft(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG")
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue()[:-60])
    with pytest.raises(DataError):
        read_photo(tmp_path / "a.jpg")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.jpg"]
