"""docs/tutorial.md, done by the letter: files are written, commands run, and what they print is what is shown."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
STEP = re.compile(r"(?:`(?P<file>[\w./]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads the value, not the name: 0 is no isolation
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A virtual environment that also sees what ours has, without the time that installing torch takes."""
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
    return {**os.environ, **OFFLINE, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def in_order(pieces: list[str], text: str) -> bool:
    """Whether the pieces occur in the text one after the other."""
    return re.search(".*?".join(map(re.escape, pieces)), text) is not None


def run_console(text: str, folder: Path, environment: dict[str, str]) -> int:
    """Runs the lines after `$`, each with the code it promises, and looks for the lines shown below it; how many."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for part in parts:
        command, *shown = part.splitlines()
        command, _, promise = command.partition("  # exit code ")
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == int(promise or 0), f"{command}\n{done.stdout}\n{done.stderr}"
        printed = " ".join(done.stdout.split())
        for line in filter(str.strip, shown):
            pieces = [" ".join(piece.split()) for piece in line.split("…")]
            assert in_order(pieces, printed), f"{command} does not print {line!r}:\n{done.stdout}"
    return len(parts)


def test_the_tutorial_works_by_the_letter(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "ralsgan"
    folder.mkdir()
    files, commands = [], 0
    for step in STEP.finditer(TUTORIAL.read_text(encoding="utf-8")):
        if step["language"] == "console":
            commands += run_console(step["text"], folder, environment)
            continue
        assert step["file"], f"a block without a file's name:\n{step['text'][:200]}"
        path = folder / step["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step["text"], encoding="utf-8")
        files.append(step["file"])
    assert len(set(files)) == 4 and commands >= 9
    assert sorted((folder / "runs" / "second" / "samples").glob("*.png"))


@pytest.mark.parametrize(
    ("right", "wrong", "caught_by"),
    [
        (", nn.Tanh()]", "]", "output-range"),
        ("return self._apart(fake, real)", "return self._apart(real, fake)", "pulls-towards-data"),
        ("self.margin).square().mean()", "self.margin).square().sum()", "losses-are-means"),
    ],
)
def test_what_it_says_that_the_check_names_is_named(
    right: str, wrong: str, caught_by: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "src" / "ganzoo_ralsgan"
    for step in STEP.finditer(TUTORIAL.read_text(encoding="utf-8")):
        if step["file"] and "src" in step["file"]:
            folder.mkdir(parents=True, exist_ok=True)
            text = step["text"].replace(right, wrong)
            (tmp_path / step["file"]).write_text(text, encoding="utf-8")
    code = (
        "import ganzoo_ralsgan as plugin\nfrom ganzoo.discovery import discover, Plugin\n"
        "from ganzoo.catalog import Catalog\n"
        "from ganzoo.registry import Registry\nfrom ganzoo.testing.conform import check_name\n"
        "own = Plugin(name='ralsgan', distribution='x', version='1', module=plugin,"
        " models=tuple(plugin.ganzoo_models()), parts=tuple(plugin.ganzoo_parts()))\n"
        "catalog = Catalog([*discover(third_party=False), own], Registry())\n"
        "print(*{result.check for result in check_name('ralsgan', catalog, expected={}).failures})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert caught_by in run.stdout.split(), run.stdout + run.stderr
