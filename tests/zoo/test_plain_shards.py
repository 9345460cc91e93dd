"""Tar files of plain folders, whose names have dots anywhere: every picture is read, or it is said which is not."""

import subprocess
from pathlib import Path

import pytest
from ganzoo_plugins.streams.members import PICTURES

from ganzoo.cli import run_command
from ganzoo.data.cache import prepare
from ganzoo.data.decode import ENDINGS
from ganzoo.runs.run_file import read_run_file
from tests.zoo.test_streams import SIZE, Files, greys, jpeg, shards, tar

MIXED: Files = [(f"{number}.jpg", jpeg(number)) for number in range(6)] + [
    (f"IMG_{number}.edit.jpg", jpeg(number)) for number in range(6, 26)
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))


def test_plain_names_beside_dotted_ones_are_all_read(tmp_path: Path) -> None:
    file = tar(tmp_path / "x.tar", MIXED)
    assert greys(shards(path=file)) == list(range(26))
    names = [picture.name for picture in shards(path=file).pictures(SIZE)]
    assert names[0] == "x.tar: 0" and names[6] == "x.tar: IMG_6.edit.jpg" and len(set(names)) == 26


def test_the_system_s_own_tar_of_a_folder_is_read_whole(tmp_path: Path) -> None:
    """Names as phones and screens give them, many of which begin alike."""
    names = [
        *("IMG_1.jpg", "IMG_1.edit.jpg", "IMG_1.JPEG", "a.b/c.d.jpg", "v1.2.jpg", "v1.2.3.jpg", "weiß und ü.1.jpg"),
        *(f"Screenshot 2024-01-05 at 10.{minute:02}.30.jpg" for minute in range(40)),
    ]
    for number, name in enumerate(names):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(jpeg(number))
    (tmp_path / "photos" / "._IMG_1.jpg").write_bytes(b"what macOS leaves behind")
    subprocess.run(["tar", "-cf", "x.tar", "photos"], cwd=tmp_path, check=True)
    assert sorted(greys(shards(path=tmp_path / "x.tar"))) == list(range(47))


def test_what_macos_adds_to_each_file_is_no_picture(tmp_path: Path) -> None:
    """Its tar and zip write twice as many files (alinlab/CSI#31, openhatch/oh-mainline#931)."""
    double = b"\0\5\x16\7" + bytes(100)
    files = [("./photos/._0.jpg", double), ("./photos/0.jpg", jpeg(0)), ("__MACOSX/photos/._0.jpg", double)]
    pictures = list(shards(path=tar(tmp_path / "x.tar", files)).pictures(SIZE))
    assert len(pictures) == 1 and pictures[0].pixels is not None


def test_pictures_of_one_name_are_counted_in_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    both = [(f"{number}.{ending}", jpeg(number)) for number in range(20) for ending in ("jpg", "edit.jpg")]
    file = tar(tmp_path / "x.tar", [*both, ("20.jpg", jpeg(20))])
    options = ["--tiny", "--device", "cpu", "--budget", "1steps", "--set", f"data.path={file}"]
    assert run_command(["run", "dcgan", "--data", "shards", *options, "--out", str(tmp_path / "run")]) == 0
    facts = read_run_file(tmp_path / "run")["data"]
    assert (facts["images"], facts["skipped"]) == (41, 0)
    assert "40 of 41 images: several pictures share a name up to its first dot" in " ".join(capfd.readouterr()).replace(
        "\n", " "
    )
    assert len(greys(shards(path=file, image="edit.jpg"))) == 20


@pytest.mark.parametrize(
    ("files", "options", "taken"),
    [
        ([("0.jpg", 0), ("0.mask.png", 9), ("0.json", None)], {}, [0]),
        ([("0.json", None), ("0.depth.png", 9), ("0.jpg", 0)], {}, [0]),
        ([("0.input.jpg", 0), ("0.target.jpg", 9), ("0.cls", None)], {}, [0]),
        ([("0.input.jpg", 9), ("0.target.jpg", 0), ("0.cls", None)], {"image": "target.jpg"}, [0]),
        ([("0.png", 9), ("0.jpg", 0), ("0.txt", None)], {"image": "jpg;png"}, [0]),
        ([("0.jpg", 0), ("0.mask.tiff", 9), ("0.json", None)], {}, [0]),
    ],
)
def test_a_sample_has_one_picture_and_says_that_there_are_more(
    tmp_path: Path, files: list[tuple[str, int | None]], options: dict[str, str], taken: list[int]
) -> None:
    content = [(name, b"{}" if number is None else jpeg(number)) for name, number in files]
    (picture,) = shards(path=tar(tmp_path / "x.tar", content), **options).pictures(SIZE)
    assert picture.pixels is not None and [round(float(picture.pixels.mean()))] == taken
    assert picture.name == "x.tar: 0" and any("left out" in note for note in picture.notes)


def test_pictures_without_the_label_of_their_sample_are_not_taken_for_samples(tmp_path: Path) -> None:
    files = [("0.jpg", jpeg(0)), ("0.mask.jpg", jpeg(9)), ("0.cls", b"sea")]
    (picture,) = shards(path=tar(tmp_path / "x.tar", files), label="cls").pictures(SIZE)
    assert picture.labels == (0,) and picture.pixels is not None and round(float(picture.pixels.mean())) == 0


def test_what_counts_as_a_picture_in_a_folder_does_so_here() -> None:
    assert {f".{ending}" for ending in PICTURES} == ENDINGS


def test_pictures_of_other_formats_are_skipped_by_name(tmp_path: Path) -> None:
    files = [*MIXED, ("old.bmp", b"x"), ("scan.TIFF", b"x"), ("readme.txt", b"x"), ("film.heic", b"x")]
    images = prepare(shards(path=tar(tmp_path / "x.tar", files)), SIZE)
    assert len(images) == 26
    assert [name for name, _ in images.skipped] == ["x.tar: old.bmp", "x.tar: scan.TIFF", "x.tar: film.heic"]
    assert "no member ends in jpg" in images.skipped[0][1]
