"""Where caches live, as the environment says; and files that are replaced whole."""

import sys
from pathlib import Path

import pytest

from ganzoo.io.files import cache_folder, write_atomically


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


def test_a_file_that_can_not_be_replaced_keeps_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    write_atomically(file, "old")

    def fails(path: Path) -> None:
        raise OSError("full")

    monkeypatch.setattr("ganzoo.io.files.sync_file", fails)
    with pytest.raises(OSError, match="full"):
        write_atomically(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]
