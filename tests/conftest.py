"""Fixtures that several test files share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganzoo.catalog.discovery import discover
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.registry import Registry
from tests.installed import pip_install

pytest_plugins = ["tests.tiny_runs"]
PLUGINS = Path(__file__).parent / "plugins"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests run first: a worker that comes late to a long one would let the others wait at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that GANZOO_CACHE names, so that no test touches the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANZOO_CACHE", str(folder))
        patch.delenv("GANZOO_PLUGINS", raising=False)
        yield folder


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed every distribution of tests/plugins."""
    projects = [project.parent for project in sorted(PLUGINS.glob("*/pyproject.toml"))]
    return pip_install(tmp_path_factory.mktemp("site"), projects)


@pytest.fixture(scope="session")
def python_command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs `python ARGUMENTS…` in an empty folder (or `cwd`), with the plugins of tests/plugins if `plugins`."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(
        *arguments: object, plugins: bool = False, cwd: Path = elsewhere, **env: str
    ) -> "subprocess.CompletedProcess[str]":
        folders = [str(request.getfixturevalue("plugin_site"))] if plugins else []
        path = os.pathsep.join(filter(None, [*folders, os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": path, **env},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def ganzoo_command(python_command: Command) -> Command:
    """Runs `ganzoo ARGUMENTS…` as `python_command` does."""

    def run(*arguments: object, **options: object) -> "subprocess.CompletedProcess[str]":
        return python_command("-m", "ganzoo", *arguments, **options)

    return run


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The built-in models and parts, and no presets."""
    return Catalog(discover(third_party=False), Registry())
