"""Two ways to run the commands of a page: by the shell in an environment of its own, or in this process."""

import contextlib
import importlib
import io
import os
import runpy
import shlex
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

from ganzoo.cli import run_command
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
