"""Pairs by file name."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.folder import FolderSource
from ganzoo.data.pairs import ALONE, matched, partners
from ganzoo.data.source import Picture, PictureStream
from ganzoo.errors import DataError

SIDES = ("left", "right")


def folder(place: Path, names: list[str]) -> FolderSource:
    for number, name in enumerate(names):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (40 * number, 0, 0)).save(place / name)
    return FolderSource(FolderOptions(path=str(place)))


def test_names_are_matched_without_their_endings_and_a_bad_photo_leaves_its_painting_alone(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", ["a.png", "b.png", "deep/c.png"])
    style = folder(tmp_path / "style", ["a.jpg", "b.jpg", "deep/c.jpg"])
    sides = [prepare(side, Size(16, 16)) for side in (style, data)]
    assert partners(sides[0], style, sides[1], data).tolist() == [0, 1, 2]
    (tmp_path / "data/a.png").write_bytes(b"no picture")
    data = FolderSource(FolderOptions(path=str(tmp_path / "data")))
    assert partners(sides[0], style, prepare(data, Size(16, 16)), data).tolist() == [ALONE, 0, 1]


def test_a_name_without_counterpart_is_told(tmp_path: Path) -> None:
    data, style = folder(tmp_path / "data", ["a.png", "b.png"]), folder(tmp_path / "style", ["a.png", "c.png"])
    sides = [prepare(side, Size(16, 16)) for side in (style, data)]
    with pytest.raises(DataError, match=r"without counterpart: 'b.png' in data and 'c.png' in style$"):
        partners(sides[0], style, sides[1], data)


NFC, NFD = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(
    ("style", "data", "expected"),
    [
        (["0.jpg", "0.png"], ["0.png", "0.jpg"], {"0.jpg": "0.jpg", "0.png": "0.png"}),
        (["1.JPG", "2.Png"], ["1.jpg", "2.png"], {"1.JPG": "1.jpg", "2.Png": "2.png"}),
        (["IMG_1.webp", "a/b.png"], ["img_1.JPG", "A/B.jpg"], {"IMG_1.webp": "img_1.JPG", "a/b.png": "A/B.jpg"}),
        (["a.png", "A.png"], ["A.jpg", "a.jpg"], {"a.png": "a.jpg", "A.png": "A.jpg"}),
        ([f"{NFD}.png"], [f"{NFC}.jpg"], {f"{NFD}.png": f"{NFC}.jpg"}),
        ([f"{NFD}.png", f"{NFC}.png"], [f"{NFC}.png", f"{NFD}.png"], {f"{n}.png": f"{n}.png" for n in (NFC, NFD)}),
        (["x.edit.png", "x.png"], ["x.jpg", "x.edit.jpg"], {"x.edit.png": "x.edit.jpg", "x.png": "x.jpg"}),
        (["left/0.png", "right/0.png"], ["right/0.png", "left/0.png"], {f"{s}/0.png": f"{s}/0.png" for s in SIDES}),
    ],
)
def test_equal_names_come_first_and_then_those_that_differ_in_case_or_ending(
    style: list[str], data: list[str], expected: dict[str, str]
) -> None:
    assert matched(style, data) == expected


@pytest.mark.parametrize(
    ("style", "data", "named"),
    [
        (["0.png", "0.webp"], ["0.bmp", "0.jpg"], ["'0.bmp', '0.jpg' in data", "'0.png', '0.webp' in style"]),
        (["0.png", "1.png"], ["0.bmp", "0.jpg"], ["'0.bmp', '0.jpg' in data", "'0.png' in style"]),
        (["0.gif", "0.png"], ["0.jpg", "0.png"], ["'0.jpg', '0.png' in data", "'0.gif', '0.png' in style"]),
        (["a.png", "A.png"], ["A.jpg"], ["'a.png' in style"]),
        (["IMG.png"], ["img.jpg", "Img.jpg"], ["'Img.jpg', 'img.jpg' in data"]),
        ([f"{NFC}.png"], [f"{NFC}.jpg", f"{NFD}.jpg"], ["not clear"]),
        (["a.png"], ["deep/a.png"], ["'deep/a.png' in data and 'a.png' in style"]),
        ([f"{n}.png" for n in range(9)], [], ["'0.png', '1.png', '2.png' and 6 more in style"]),
    ],
)
def test_what_is_not_clear_is_refused_with_the_names(style: list[str], data: list[str], named: list[str]) -> None:
    with pytest.raises(DataError) as refused:
        matched(style, data)
    assert all(name in str(refused.value) for name in named) and "\n" not in str(refused.value)


def test_two_endings_of_one_name_are_not_paired_crosswise(tmp_path: Path) -> None:
    for side in ("data", "style"):
        for ending, shade in (("jpg", 200), ("png", 50)):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.new("RGB", (16, 16), (shade, 0, 0)).save(tmp_path / side / f"0.{ending}")
    style, data = (FolderSource(FolderOptions(path=str(tmp_path / side))) for side in ("style", "data"))
    sides = [prepare(side, Size(16, 16)) for side in (style, data)]
    numbers = partners(sides[0], style, sides[1], data)
    assert np.abs(sides[0].pixels.astype(int) - sides[1].pixels[numbers]).max() < 8


class Stream(PictureStream):
    """Four pictures in order; some can't be read."""

    attributes: dict[str, tuple[str, ...]] = {}  # noqa: RUF012

    def __init__(self, name: str, bad: int | None) -> None:
        self.name, self.bad = name, bad

    def fingerprint(self) -> str:
        return f"{self.name} {self.bad}"

    def count(self) -> int:
        return 4

    def pictures(self, size: Size) -> Iterator[Picture]:
        for number in range(4):
            pixels = None if number == self.bad else np.full((size.height, size.width, 3), number, np.uint8)
            yield Picture(pixels=pixels, name=f"{self.name}{number}", problem="cut off" * (pixels is None))


@pytest.mark.parametrize("bad", [(1, 2), (1, 1)])
def test_pairs_by_order_are_refused_when_a_picture_is_missing(bad: tuple[int, int]) -> None:
    style, data = Stream("s", bad[0]), Stream("d", bad[1])
    sides = [prepare(side, Size(16, 16)) for side in (style, data)]
    with pytest.raises(DataError, match=r"by order need every image, and 1 of data can't be used, such as 'd\d'"):
        partners(sides[0], style, sides[1], data)
    whole = Stream("s", None), Stream("d", None)
    sides = [prepare(side, Size(16, 16)) for side in whole]
    assert partners(sides[0], whole[0], sides[1], whole[1]).tolist() == [0, 1, 2, 3]


def test_the_trainer_draws_each_painting_with_its_photo(tmp_path: Path) -> None:
    import ganzoo

    rng = np.random.default_rng(0)
    for number in range(40):
        shade = tuple(int(value) for value in rng.integers(0, 256, 3))
        for side, ending in (("data", "png"), ("style", "jpg")):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.new("RGB", (16, 16), shade).save(tmp_path / side / f"{number:02}.{ending}")
    options = {"device": "cpu", "style": str(tmp_path / "style"), "budget": "2steps"}
    run = ganzoo.run("pix2pix", tiny=True, data=str(tmp_path / "data"), options=options, out=tmp_path / "run")
    assert run.outcome == "done"
