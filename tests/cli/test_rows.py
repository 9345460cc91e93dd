"""The remembered list: as true as a fresh one whatever changes on the module path."""

import json
import os
import sys
from pathlib import Path

import pytest

from ganzoo.cli import rows as list_rows
from ganzoo.io import files
from tests.benchmarks.list_command import GOOD, install

COUNT_IMPORTS = "import sys; from ganzoo.cli import run_command; run_command({}); print('pydantic' in sys.modules)"


@pytest.fixture
def site(tmp_path):
    """A folder on the module path with one good plugin and one that can't be imported."""
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder, "oak", GOOD)
    install(folder, "elm", "import missing_of_that_name")
    return folder


@pytest.fixture
def rows(site, tmp_path, ganzoo_command):
    """Runs `ganzoo list` in a process of its own and gives its rows by name."""

    def read(*arguments: str, **environment: str):
        environment = {"PYTHONPATH": str(site), "GANZOO_CACHE": str(tmp_path / "cache"), **environment}
        done = ganzoo_command(*arguments, "list", "--format", "json", cwd=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
        return {row["name"]: row for row in json.loads(done.stdout)}

    return read


def touch(file: Path, text: str) -> None:
    """Rewrites a file with a later time, however coarse the file system's clock."""
    old = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(old + 10**9, old + 10**9))


def test_the_second_list_imports_no_declaration(site, tmp_path, python_command):
    environment = {"PYTHONPATH": str(site), "GANZOO_CACHE": str(tmp_path / "cache")}
    code = COUNT_IMPORTS.format(["list"])
    first, second = (python_command("-c", code, **environment).stdout for _ in range(2))
    assert (first.split()[-1], second.split()[-1]) == ("True", "False")
    assert first.splitlines()[:-1] == second.splitlines()[:-1]


def test_a_changed_plugin_is_seen(site, rows):
    assert rows()["oak"]["summary"] == "a model"
    touch(site / "oak.py", GOOD.replace("a model", "a tree").replace("{name}", "oak").replace("{module}", "oak"))
    assert rows()["oak"]["summary"] == "a tree"


def test_a_repaired_plugin_is_seen(site, rows):
    assert rows()["elm"]["status"] == "broken"
    touch(site / "elm.py", GOOD.replace("{name}", "elm").replace("{module}", "elm"))
    assert rows()["elm"]["status"] == "ok"


def test_a_plugin_whose_missing_library_arrives_is_seen(site, rows):
    touch(site / "elm.py", "import missing_of_that_name\n" + GOOD.format(name="elm", module="elm"))
    assert rows()["elm"]["status"] == "broken"
    touch(site / "missing_of_that_name.py", "")
    assert rows()["elm"]["status"] == "ok"


def test_a_file_that_could_not_be_parsed_is_watched(site, rows):
    touch(site / "elm.py", "def broken(:\n")
    assert "SyntaxError" in rows()["elm"]["summary"]
    touch(site / "elm.py", GOOD.format(name="elm", module="elm"))
    assert rows()["elm"]["status"] == "ok"


def test_an_installed_and_a_removed_plugin_are_seen(site, rows):
    assert "ash" not in rows()
    install(site, "ash", GOOD)
    assert "ash" in rows()
    for file in (*(site / "oak-1.0.dist-info").iterdir(), site / "oak.py"):
        file.unlink()
    (site / "oak-1.0.dist-info").rmdir()
    assert "oak" not in rows()


def test_flags_environment_and_registry_are_kept_apart(rows, tmp_path):
    assert "oak" in rows()
    assert rows("--no-plugins")["oak"]["status"] == "blocked"
    assert rows(GANZOO_PLUGINS="elm")["oak"]["status"] == "blocked"
    assert "mine" not in rows()
    own = tmp_path / "registry.yaml"
    own.write_text("schema: 1\npresets: {mine: {model: oak, summary: one}}")
    assert rows()["mine"]["summary"] == "one"
    touch(own, "schema: 1\npresets: {mine: {model: oak, summary: two}}")
    assert rows()["mine"]["summary"] == "two"
    own.unlink()
    assert "mine" not in rows()


def test_plugins_looks_afresh_and_renews_the_list(site, rows, tmp_path, ganzoo_command):
    text = "import os\n" + GOOD.replace('"a model"', 'os.environ.get("LEAF", "green")')
    touch(site / "oak.py", text.replace("{name}", "oak").replace("{module}", "oak"))
    assert rows()["oak"]["summary"] == "green"
    environment = {"PYTHONPATH": str(site), "GANZOO_CACHE": str(tmp_path / "cache"), "LEAF": "red"}
    assert ganzoo_command("plugins", cwd=tmp_path, **environment).returncode == 0
    assert rows()["oak"]["summary"] == "red"


@pytest.mark.parametrize(
    "damage", [b"", b"[]", b"{", b'{"sources": 1, "rows": []}', b'{"sources": {"/": 3}, "rows": 1}']
)
def test_a_damaged_memory_is_made_anew(monkeypatch, tmp_path, damage):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    expected = list_rows.cached_rows(third_party=False)
    [file] = (files.cache_folder() / "listing").iterdir()
    file.write_bytes(damage)
    assert list_rows.cached_rows(third_party=False) == expected
    assert json.loads(file.read_bytes())["rows"] == expected


def test_a_cache_that_can_not_be_written_only_costs_time(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "file" / "cache"))
    assert {"dcgan", "wgan"} <= {row["name"] for row in list_rows.cached_rows(third_party=False)}


def test_only_the_newest_lists_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    for number in range(list_rows._MAX_FILES + 3):
        monkeypatch.setattr(sys, "path", [*sys.path, f"/nowhere-{number}"])
        assert list_rows.cached_rows(third_party=False)
    assert len(list((tmp_path / "listing").iterdir())) == list_rows._MAX_FILES
