"""An environment in which pages of the docs can be followed."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

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
