"""Distributions that are damaged, doubled or malformed: they hide no plugin, and a row says what is wrong."""

import sys
from pathlib import Path

import pytest

from ganzoo.catalog.discovery import discover
from ganzoo.catalog.plugin import HOME, Plugin
from ganzoo.cli import run_command
from ganzoo.io.installed import version

POINTS = "[ganzoo]\nodd = odd_plugin\n"
WHOLE = "Metadata-Version: 2.1\nName: odd-plugin\nVersion: 2.0\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on the path, with the module of a plugin that declares nothing."""
    (tmp_path / "odd_plugin.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "odd_plugin", raising=False)
    return tmp_path


def install(site: Path, name: str, **files: str | bytes) -> Path:
    folder = site / f"{name}.dist-info"
    folder.mkdir(parents=True)
    for file, content in files.items():
        place = folder / {"points": "entry_points.txt"}.get(file, file)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def found() -> dict[str, Plugin]:
    plugins = discover()
    assert {plugin.name for plugin in plugins if plugin.builtin and plugin.models} >= {"dcgan", "cut", "wgan"}
    return {plugin.name: plugin for plugin in plugins}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"METADATA": ""},
        {"METADATA": b"\xff\xfe"},
        {"METADATA": "Version: 0.0.9\n", "RECORD": ""},
        {"points": "[ganzoo]\ndcgan = nowhere\n"},
        {"points": b"[ganzoo]\n\xff"},
    ],
)
def test_a_damaged_installation_of_ganzoo_hides_no_plugin(
    site: Path, files: dict[str, str | bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = install(site, "ganzoo_core-0.0.9", **files)
    row = found()[HOME]
    assert row.status == "broken" and str(folder) in row.reason
    assert version(HOME) not in ("?", "0.0.9")
    for words in (["--version"], ["list"], ["plugins"]):
        assert run_command(words) == 0, capsys.readouterr()
    out, err = capsys.readouterr()
    assert err == "" and "dcgan" in out and "is damaged" in " ".join(out.split())


def test_a_file_in_the_place_of_a_distribution_is_damaged(site: Path) -> None:
    (site / "ganzoo_core-0.0.9.dist-info").write_text("")
    assert "is damaged" in found()[HOME].reason


@pytest.mark.parametrize(
    "points", [f"{POINTS}without a value\n", b"[ganzoo]\nodd = odd_plugin\n\xff", f"{POINTS}= = =\n[[[\n"]
)
def test_entry_points_that_can_not_be_read_are_a_row(site: Path, points: str | bytes) -> None:
    install(site, "odd_plugin-2.0", METADATA=WHOLE, points=points)
    rows = found()
    assert rows["odd-plugin"].status == "broken" if "odd-plugin" in rows else rows["odd"].status == "ok"


@pytest.mark.parametrize("points", ["garbage", b"\xff\xfe\x00", "[console_scripts]\nno value\n"])
def test_other_packages_may_be_malformed(site: Path, points: str | bytes) -> None:
    install(site, "other-1.0", METADATA="Name: other\nVersion: 1\n", points=points)
    assert not any("other" in plugin.distribution for plugin in found().values())


def test_the_first_of_two_versions_counts(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "odd_plugin-2.0", METADATA=WHOLE, points=POINTS)
    later = tmp_path / "later"
    install(later, "Odd.Plugin-3.0", METADATA=WHOLE.replace("2.0", "3.0"), points=f"{POINTS}more = odd_plugin\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
    rows = found()
    assert rows["odd"].version == "2.0" and "more" not in rows


def test_a_damaged_copy_hides_no_plugin(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "odd_plugin-1.0")
    later = tmp_path / "later"
    install(later, "odd_plugin-2.0", METADATA=WHOLE, points=POINTS)
    monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
    assert found()["odd"].version == "2.0"
