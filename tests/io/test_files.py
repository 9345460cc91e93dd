"""Where caches live, as the environment says; and files that are replaced whole."""

import os
import stat
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ganzoo.io.files import (
    appending,
    cache_folder,
    cache_notice,
    clear,
    draft_beside,
    locking,
    replacing,
    sweep_drafts,
    write_atomically,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and an environment that says nothing about caches."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GANZOO_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return tmp_path


def test_ganzoo_cache_names_the_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "xdg"))
    monkeypatch.setenv("GANZOO_CACHE", str(home / "mine"))
    assert cache_folder() == home / "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have folders of their own")
def test_without_it_the_folder_is_the_user_s_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == home / ".cache" / "ganzoo"
    monkeypatch.setenv("GANZOO_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "xdg"))
    assert cache_folder() == home / "xdg" / "ganzoo"
    assert not list(home.iterdir())  # asking creates nothing


@pytest.fixture
def nowhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of a user without a home and without an entry among the users."""

    def unknown(uid: int) -> object:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    return home


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such users")
def test_a_user_without_a_home_has_a_cache_of_their_own(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cache_folder()
    assert folder == nowhere / f"ganzoo-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert cache_folder() == folder
    assert str(folder) in cache_notice() and "GANZOO_CACHE" in cache_notice()
    monkeypatch.setenv("GANZOO_CACHE", str(nowhere / "mine"))
    assert cache_notice() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such users")
def test_a_home_that_can_not_be_written_to_counts_as_none(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(nowhere / "home"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cache_folder().name == f"ganzoo-{os.getuid()}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such users")
def test_a_cache_that_another_user_has_planted_is_not_used(nowhere: Path) -> None:
    name = f"ganzoo-{os.getuid()}"
    (nowhere / "theirs").mkdir()
    (nowhere / name).symlink_to("theirs")
    (nowhere / f"{name}-1").mkdir()
    (nowhere / f"{name}-1").chmod(0o777)
    assert cache_folder() == nowhere / f"{name}-2"


def test_a_file_that_can_not_be_replaced_keeps_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    write_atomically(file, "old")

    def fails(path: Path) -> None:
        raise OSError("full")

    monkeypatch.setattr("ganzoo.io.files.sync_file", fails)
    with pytest.raises(OSError, match="full"):
        write_atomically(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]


def test_drafts_of_writers_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    texts = [letter * 100_000 for letter in "abcd"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda text: write_atomically(tmp_path / "a.json", text), 10 * texts))
    assert (tmp_path / "a.json").read_text() in texts and len(list(tmp_path.iterdir())) == 1


def test_a_link_in_the_place_of_a_draft_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").write_text("mine")
    for name in (".a.json.part", ".known.part.json"):  # the name of before, and one that was guessed
        (tmp_path / name).symlink_to("other")
    write_atomically(tmp_path / "a.json", "new")
    monkeypatch.setattr("ganzoo.io.files.secrets.token_hex", lambda _: "known")
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "a.json", "newer")
    assert (tmp_path / "a.json").read_text() == "new" and (tmp_path / "other").read_text() == "mine"


def test_drafts_are_swept_and_nothing_else(tmp_path: Path) -> None:
    draft_beside(tmp_path / "a.json").write_text("half")
    (tmp_path / ".film.mp4.part").write_text("a download")
    sweep_drafts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".film.mp4.part"]


PLANTS = ["link", "dangling", pytest.param("pipe", marks=pytest.mark.skipif(sys.platform == "win32", reason="none"))]


def plant(path: Path, kind: str) -> Path:
    """Puts a link or a pipe at the path, and gives the file that writing through the link would change."""
    target = path.with_name("target")
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    if kind != "dangling":
        target.write_text("mine")
    return target


@pytest.mark.parametrize("kind", PLANTS)
def test_a_planted_file_is_replaced_and_what_it_leads_to_is_not_written(tmp_path: Path, kind: str) -> None:
    target = plant(tmp_path / "report.html", kind)
    with replacing(tmp_path / "report.html") as draft:
        assert draft.suffix == ".html" and draft.read_bytes() == b""
        draft.write_text("new")
    assert (tmp_path / "report.html").read_text() == "new" and not (tmp_path / "report.html").is_symlink()
    assert not target.exists() if kind == "dangling" else target.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} <= {"report.html", "target"}


@pytest.mark.parametrize("kind", PLANTS)
def test_nothing_is_appended_to_a_planted_file_and_none_is_a_lock(tmp_path: Path, kind: str) -> None:
    target = plant(tmp_path / "log", kind)
    with pytest.raises(OSError, match="is a link"):
        appending(tmp_path / "log")
    with pytest.raises(OSError, match="is a link"):
        locking(tmp_path / "log")
    assert not target.exists() if kind == "dangling" else target.read_text() == "mine"


def test_an_ordinary_log_grows(tmp_path: Path) -> None:
    for text in (b"a\n", b"b\n"):
        with appending(tmp_path / "log") as file:
            file.write(text)
    assert (tmp_path / "log").read_bytes() == b"a\nb\n"


def test_clearing_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_text("mine")
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "folder" / "in").mkdir(parents=True)
    for name in ("link", "folder", "gone"):
        clear(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"] and (tmp_path / "kept" / "a").exists()
