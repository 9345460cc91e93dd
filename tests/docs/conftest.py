"""Two ways to run the commands of a page: by the shell in an environment of its own, or in this process."""

import contextlib
import importlib
import io
import os
import runpy
import shlex
import shutil
import site
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

import ganzoo
from ganzoo.catalog.registry import load_registry
from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog
from ganzoo.publishing import publish
from ganzoo.trained import find
from tests.docs.following import Done, Run
from tests.installed import forget, importable

OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads the value, not the name: 0 is no isolation
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


@pytest.fixture
def shell(tmp_path: Path) -> Run:
    """The shell, in a virtual environment that also sees what ours has: installing torch there would take minutes."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python, ours = home / "bin" / "python", sysconfig.get_path("purelib")
    place = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    Path(place.stdout.strip(), "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    commands = {
        "pip": f'"{sys.executable}" -m pip --python "{python}"',
        "ganzoo": f'"{python}" -m ganzoo',
        "pytest": f'"{python}" -m pytest -p no:cacheprovider',
    }
    for name, command in commands.items():
        script = home / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o755)
    environment = {**os.environ, **OFFLINE, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(command: str, folder: Path) -> Done:
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """This process: a page starts no Python, and none that imports torch again."""
    packages = tmp_path / "packages"
    packages.mkdir()

    def run(command: str, folder: Path) -> Done:
        monkeypatch.chdir(folder)
        forget(tmp_path)  # the page may have changed its files since they were imported
        match shlex.split(command):
            case ["ganzoo", *arguments]:
                return _captured(lambda: run_command(arguments))
            case ["python", script]:
                return _captured(lambda: runpy.run_path(script, run_name="__main__").get("code"))
            case ["pip", "install", *editable, project]:
                _install(folder / project, packages, editable=editable == ["--editable"])
                return Done(0, "")
            case ["cat", file]:
                return Done(0, (folder / file).read_text(encoding="utf-8"))
        raise AssertionError(f"teach tests/docs/conftest.py to run '{command}' in this process")

    with importable(packages):
        yield run
    forget(tmp_path)


STAND_INS = {"monet": "lptn", "scenes": "dcgan"}
"""The published models that the first pages use, and the model of a tiny one for each that is not in registry.yaml."""


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry.yaml that publishes a tiny model under each name that the shipped one lacks."""
    place = tmp_path_factory.mktemp("published")
    entries = {}
    for name in STAND_INS.keys() - load_registry().published.keys():
        run = ganzoo.run(STAND_INS[name], tiny=True, out=place / f"{name}-run", device="cpu", budget="2steps").folder
        entries[name] = dict(publish(find(run), place / f"{name}.safetensors", open_catalog()).entry)
    (place / "registry.yaml").write_text(yaml.safe_dump({"schema": 1, "weights": entries}))
    return place


@pytest.fixture
def published(stand_ins: Path) -> Callable[[Path], None]:
    """Lets a folder know the published models of the first pages: those that are shipped, and stand-ins for others."""

    def into(folder: Path) -> None:
        for file in (*stand_ins.glob("*.safetensors"), stand_ins / "registry.yaml"):
            shutil.copy(file, folder)

    return into


def _captured(call: Callable[[], int | None]) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call()
    return Done(code or 0, out.getvalue(), err.getvalue())


def _install(project: Path, packages: Path, *, editable: bool) -> None:
    """What pip does: the package's own backend builds a wheel, whose files go to where packages are found."""
    build = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["build-backend"]
    backend = importlib.import_module(build)
    with contextlib.chdir(project):
        name = (backend.build_editable if editable else backend.build_wheel)(str(packages))
    zipfile.ZipFile(packages / name).extractall(packages)
    site.addsitedir(str(packages))  # reads the file that an editable wheel leaves there
