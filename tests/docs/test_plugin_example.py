"""The plugin in 40 lines of docs/plugins.md installs, is listed and trains."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ganzoo.cli import run_command
from tests.installed import importable, pip_install

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
FILES = {"pyproject.toml": "toml", "ganzoo_margin/__init__.py": "python", "ganzoo_margin/model.py": "python"}
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def block_after(heading: str, language: str) -> str:
    """The first code block of that language after the file's name is mentioned."""
    _, _, rest = PAGE.read_text().partition("## A plugin in 40 lines")[2].partition(f"`{heading}`")
    found = re.search(rf"```{language}\n(.*?)```", rest, re.DOTALL)
    assert found, heading
    return found[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip has installed the package of the page."""
    package = tmp_path_factory.mktemp("package")
    (package / "ganzoo_margin").mkdir()
    for name, language in FILES.items():
        (package / name).write_text(block_after(name, language))
    return pip_install(tmp_path_factory.mktemp("site"), [package])


def test_it_is_as_short_as_it_says() -> None:
    files = {name: block_after(name, language) for name, language in FILES.items()}
    lines = {name: [line for line in text.splitlines() if line.strip()] for name, text in files.items()}
    assert sum(map(len, lines.values())) <= 40
    assert len(lines["ganzoo_margin/__init__.py"]) <= 20


def test_it_is_listed_and_trains(site: Path, python_command: Command, tmp_path: Path) -> None:
    listed = python_command("-m", "ganzoo", "list", "--format", "json", PYTHONPATH=str(site))
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert rows["margin-gan"]["status"] == "ok" and rows["margin-gan"]["distribution"] == "ganzoo-margin"
    arguments = ("-m", "ganzoo", "run", "margin-gan", "--tiny", "--out", tmp_path / "run")
    trained = python_command(*arguments, PYTHONPATH=str(site))
    assert trained.returncode == 0, trained.stderr
    with importable(site):
        assert run_command(["run", "wgan", "--tiny", "--set", "loss=margin", "--out", str(tmp_path / "other")]) == 0
