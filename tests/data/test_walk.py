"""Which files below a folder are the user's."""

import os
import time
from pathlib import Path

import pytest

from ganzoo.data import walk as module
from ganzoo.data.walk import visible, walk

ENDINGS = frozenset((".jpg", ".png"))
SYSTEM = (
    *("@eaDir", "#recycle", "#snapshot", "@Recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
    *("__MACOSX", ".thumbnails", ".Trash-1000", ".AppleDouble", ".Spotlight-V100"),
)


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def names(folder: Path, never: str = "") -> list[str]:
    return sorted(name for name, _, _ in walk(str(folder), ENDINGS, never).files)


def test_what_systems_keep_is_left_out_and_counted(tmp_path: Path) -> None:
    put(tmp_path, *(f"{folder}/a.jpg" for folder in SYSTEM), *(f"deep/{folder}/b/a.jpg" for folder in SYSTEM))
    put(
        tmp_path, "a.jpg", "deep/b.JPG", "._a.jpg", "deep/.b.png", "Thumbs.db", ".DS_Store", "run/x.jpg", "run/run.json"
    )
    found = walk(str(tmp_path), ENDINGS)
    assert sorted(name for name, _, _ in found.files) == ["a.jpg", "deep/b.JPG"]
    assert found.left_out == {**dict.fromkeys(SYSTEM, 2), "hidden files": 2, "folders of runs": 1}
    (said,) = found.remarks(tmp_path)
    assert said.startswith(f"'{tmp_path}': left out as hidden, a system's or a run's: #recycle (2), #snapshot (2), ")
    assert said.endswith(" and 6 more")


def test_a_folder_that_is_named_is_read_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path, ".thumbnails/a.jpg", "run/b.jpg", "run/run.json")
    assert (names(tmp_path / ".thumbnails"), names(tmp_path / "run")) == (["a.jpg"], ["b.jpg"])


def test_links_are_followed_and_each_folder_is_visited_once_by_its_own_name(tmp_path: Path) -> None:
    put(tmp_path, "all/zebra/a.jpg", "elsewhere/b.jpg", "all/.store/c.jpg")
    for link, target in (("ant", "zebra"), ("far", "../elsewhere"), ("up", ".."), ("kept", ".store")):
        (tmp_path / "all" / link).symlink_to(target)
    (tmp_path / "all" / "self").symlink_to("self")
    (tmp_path / "all" / "gone.jpg").symlink_to("nowhere")
    assert names(tmp_path / "all") == ["far/b.jpg", "gone.jpg", "kept/c.jpg", "zebra/a.jpg"]


def test_the_folder_of_the_results_is_never_entered(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "out/a.jpg")
    (tmp_path / "way").symlink_to("out")
    assert names(tmp_path, str(tmp_path / "out" / ".." / "out")) == ["a.jpg"]
    assert names(tmp_path / "out", str(tmp_path / "out")) == ["a.jpg"]


def test_a_folder_that_can_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.jpg", "closed/b.jpg")
    scandir = os.scandir

    def refusing(folder: str) -> object:
        if folder.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(module.os, "scandir", refusing)
    found = walk(str(tmp_path), ENDINGS)
    assert [name for name, _, _ in found.files] == ["a.jpg"]
    (said,) = found.remarks(tmp_path)
    reason = "PermissionError: [Errno 13] Permission denied"
    assert said == f"'{tmp_path}': folders that can't be read: 1, such as 'closed': {reason}"


def test_names_can_not_break_a_line_or_steer_a_terminal(tmp_path: Path) -> None:
    assert visible("a\nb\x1b[2J\udcff é") == "a\\nb\\x1b[2J\\udcff é"
    put(tmp_path, ".a\n\x1b[31m/a.jpg", "b.jpg")
    assert "\\n\\x1b[31m (1)" in next(walk(str(tmp_path), ENDINGS).remarks(tmp_path))


def test_thousands_of_empty_folders_take_little_time(tmp_path: Path) -> None:
    for number in range(5000):
        os.mkdir(f"{tmp_path}/{number}")
    started = time.process_time()
    assert not walk(str(tmp_path), ENDINGS).files
    assert time.process_time() - started < 2
