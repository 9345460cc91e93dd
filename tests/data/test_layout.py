"""What the folders below a folder were taken for is said, and what was probably meant."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.configuration import Configuration
from ganzoo.data.folder import FolderSource
from ganzoo.data.inputs import DataSources, open_source, read_images
from ganzoo.data.layout import told
from ganzoo.errors import DataError
from ganzoo.runs.view import View


def said(*names: str) -> list[str]:
    return list(told("X", dict.fromkeys(names, 3)))


def test_folders_are_labels_and_it_is_said() -> None:
    assert said("cats", "dogs/small") == ["'X': its 2 folders are labels: cats (3), dogs/small (3)"]
    assert said(*map(str, range(9))) == ["'X': its 9 folders are labels: 0 (3), 1 (3), 2 (3), 3 (3), 4 (3) and 4 more"]
    assert said(".", "a\nb")[0].startswith("'X': its folders, and the pictures outside them, are labels: ")
    assert said(".", "a\nb")[0].endswith("labels: no folder (3), a\\nb (3)")


@pytest.mark.parametrize(
    ("names", "offered"),
    [
        (("testA", "testB", "trainA", "trainB"), "--data X/trainA --style X/trainB"),
        (("TrainA", "TrainB"), "--data X/TrainA --style X/TrainB"),
        (("A", "B"), "--data X/A --style X/B"),
        (("A/test", "A/train", "B/test", "B/train"), "--data X/A --style X/B"),
        (("test/A", "test/B", "train/A", "train/B"), "--data X/train/A --style X/train/B"),
        (("valA", "valB"), "--data X/valA --style X/valB"),
        (("test", "train", "val"), "to train on one part give --data X/train"),
        (("test/cats", "train/cats", "train/dogs"), "to train on one part give --data X/train"),
        (("Validation", "testing"), "to train on one part give --data X/Validation"),
    ],
)
def test_a_known_layout_is_told_with_what_to_write(names: tuple[str, ...], offered: str) -> None:
    assert len(said(*names)) == 2 and said(*names)[1].endswith(offered)


@pytest.mark.parametrize("names", [("a", "b", "c"), ("train", "plane"), ("trainA", "cats"), ("monet", "test")])
def test_other_folders_are_labels_only(names: tuple[str, ...]) -> None:
    assert len(said(*names)) == 1


def test_a_place_with_blanks_can_be_pasted() -> None:
    assert "--data 'my photos/A' --style 'my photos/B'" in list(told("my photos", {"A": 1, "B": 1}))[1]


class Heard(View):
    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


def test_a_run_says_it_once(tmp_path: Path, tiny: Callable[..., Configuration]) -> None:
    for name in ("trainA/a.png", "trainB/b.png", "@eaDir/c.png", "bad/d.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGB", (20, 20), (9, 9, len(name))).save(tmp_path / name)
    (tmp_path / "bad/d.png").write_bytes(b"no picture")
    configuration = tiny("dcgan", data=str(tmp_path), max_bad=0.5)
    for _ in range(2):  # read, then from the cache
        heard = Heard()
        read_images(open_source(configuration), configuration, heard)
        text = "\n".join(heard.notices)
        for words in ("its 3 folders are labels: bad (1), trainA (1), trainB (1)", "@eaDir (1)"):
            assert text.count(words) == 1
        assert text.count(f"--data {tmp_path}/trainA --style {tmp_path}/trainB") == 1
        assert text.count("labels without a usable image, which are left out: bad") == 1


def test_folders_of_a_translators_photos_are_no_labels(tmp_path: Path, tiny: Callable[..., Configuration]) -> None:
    for name in ("trainA/a.png", "trainB/b.png", "@eaDir/c.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGB", (20, 20), (9, 9, len(name))).save(tmp_path / name)
    heard = Heard()
    DataSources(tiny("fastcut", data=str(tmp_path))).read(heard)
    text = "\n".join(heard.notices)
    assert "labels" not in text and "@eaDir (1)" in text and "looks like two sides of a translator" in text


def test_photos_and_paintings_are_told_apart(tmp_path: Path, tiny: Callable[..., Configuration]) -> None:
    for side, count in (("photos", 3), ("paintings", 2)):
        (tmp_path / side).mkdir()
        for number in range(count):
            Image.new("L", (20, 20), 9 + number).save(tmp_path / side / f"{number}.png")
    heard = Heard()
    DataSources(tiny("fastcut", data=str(tmp_path / "photos"), style=str(tmp_path / "paintings"))).read(heard)
    text = "\n".join(heard.notices)
    assert "3 of 3 photos: grey" in text and "2 of 2 paintings: grey" in text


def test_a_folder_that_is_missing_or_can_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        FolderSource(FolderOptions(path=str(tmp_path / "gone")))
    (tmp_path / ".hidden").mkdir()
    with pytest.raises(DataError, match=r"no images in .*: left out as hidden, a system's or a run's: \.hidden \(1\)"):
        FolderSource(FolderOptions(path=str(tmp_path)))

    def refusing(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ganzoo.data.walk.os.scandir", refusing)
    with pytest.raises(DataError, match="can't be read: PermissionError"):
        FolderSource(FolderOptions(path=str(tmp_path)))


def test_one_picture_and_a_slash_at_the_end(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "A.JPG")
    source = FolderSource(FolderOptions(path=f"{tmp_path}/"))
    assert (source.files, source.attributes, list(source.remarks())) == (["A.JPG"], {}, [])
    assert source.fingerprint() == FolderSource(FolderOptions(path=str(tmp_path))).fingerprint()
