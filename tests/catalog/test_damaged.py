"""Distributions that are damaged, doubled or malformed: they hide no plugin, and a row says what is wrong."""

import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ganzoo.catalog.discovery import discover
from ganzoo.catalog.plugin import HOME, Plugin
from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog
from ganzoo.io.installed import forgiving, version
from ganzoo.testing.conform import installed
from tests.conftest import Command

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


MALFORMED = {
    "without =": ("without a value", "line 4, 'without a value', is not NAME = MODULE"),
    "no text": (b"\xff", "line 4, '\ufffd', is not"),
    "no module": ("more = not a module", "line 4, 'more = not a module', is not"),
    "several": ("= = =\n[[[", "line 4, '= = =', is not NAME = MODULE, nor are 1 more lines"),
}


@pytest.mark.parametrize(("line", "reason"), MALFORMED.values(), ids=list(MALFORMED))
def test_a_malformed_line_is_a_row_and_the_others_count(site: Path, line: str | bytes, reason: str) -> None:
    line = line if isinstance(line, bytes) else line.encode()
    folder = install(site, "odd_plugin-2.0", METADATA=WHOLE, points=f"# 1\n{POINTS}".encode() + line + b"\n")
    rows = found()
    assert rows["odd"].status == "ok" and rows["odd"].version == "2.0"
    row = rows["odd-plugin/entry_points.txt"]
    assert (row.status, row.version) == ("broken", "2.0") and reason in row.reason
    assert str(folder / "entry_points.txt") in row.reason


OTHERS = {
    "without =": "[console_scripts]\nno value\n",
    "no module": "[torch.backends]\nx = not a module\n",
    "no text": b"[x]\n\xff\xfe\x00",
    "a comment that is no text": b"\n# \xff\n[x]\na = b\n",
    "a heading that is no text": b"[x]\n[\xff]\na = b\n",
}


@pytest.mark.parametrize("points", OTHERS.values(), ids=list(OTHERS))
def test_a_malformed_package_without_plugins_is_a_row_as_well(
    site: Path, points: str | bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = install(site, "dcgan-1.0", METADATA="Name: dcgan\nVersion: 1\n", points=points)
    row = found()["dcgan/entry_points.txt"]
    assert row.status == "malformed" and f"'{folder / 'entry_points.txt'}': line 2" in row.reason
    assert open_catalog().model("dcgan").full_name == "dcgan/dcgan"
    for words in (["list"], ["plugins"]):
        assert run_command(words) == 0
        assert "is not NAME = MODULE" in " ".join(capsys.readouterr().out.split())
    assert row not in installed(open_catalog())  # `ganzoo check --all` checks plugins


def test_lines_in_no_group_are_none_of_a_package(site: Path) -> None:
    install(site, "other-1.0", METADATA="Name: other\nVersion: 1\n", points="garbage\n# a = b\n[x]\n\ny=m:a.b [c]\n")
    assert not any("other" in plugin.distribution for plugin in found().values())


def test_importlib_forgives_in_a_block_alone(site: Path) -> None:
    points = "[here]\na = b\nno value\n[there]\nc = d:e\n"
    install(site, "other-1.0", METADATA="Name: other\nVersion: 1\n", points=points)

    def asked() -> list[tuple[str, str, str]]:
        return [(one.name, one.value, one.dist.name) for g in ("here", "there") for one in entry_points(group=g)]

    with pytest.raises(TypeError):
        asked()
    with forgiving(), forgiving():
        assert asked() == [("a", "b", "other"), ("c", "d:e", "other")]
    with pytest.raises(TypeError):
        asked()


def test_each_command_goes_on_beside_a_malformed_package(site: Path, ganzoo_command: Command) -> None:
    """In a process of its own, since pydantic and torch ask for entry points when they are imported."""
    install(site, "other-1.0", METADATA="Name: other\nVersion: 1\n", points="[console_scripts]\nno value\n")
    done = ganzoo_command("run", "dcgan", "--tiny", "--budget", "1steps", "--out", site / "run", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    assert (site / "run" / "report.html").is_file()


def test_so_does_a_program_that_uses_ganzoo(site: Path, python_command: Command) -> None:
    install(site, "other-1.0", METADATA="Name: other\nVersion: 1\n", points="[console_scripts]\nno value\n")
    code = (
        "import ganzoo\n"
        f"run = ganzoo.run('dcgan', tiny=True, budget='1steps', out={str(site / 'run')!r})\n"
        "ganzoo.load(run.folder).sample(1)\n"
        "from importlib.metadata import entry_points\n"
        "try: entry_points()\n"
        "except TypeError: print('as before')\n"
    )
    done = python_command("-c", code, PYTHONPATH=str(site))
    assert (done.returncode, done.stdout) == (0, "as before\n"), done.stderr


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
