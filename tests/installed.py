"""Packages that pip has installed into a folder of their own, and their use in this process."""

import contextlib
import importlib
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

OFFLINE = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")


def pip_install(site: Path, projects: Iterable[Path]) -> Path:
    """Installs the projects into the folder, in one call of pip, which takes seconds to start."""
    folders = map(str, projects)
    subprocess.run([sys.executable, "-m", "pip", "install", *OFFLINE, "--target", str(site), *folders], check=True)
    return site


def forget(folder: Path) -> None:
    """Forgets the modules that were imported from the folder, which may be others by now."""
    importlib.invalidate_caches()
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(f"{folder}/"):
            del sys.modules[name]


@contextlib.contextmanager
def importable(site: Path) -> Iterator[None]:
    """Inside, what is installed in the folder is installed in this process: no other has to import torch for it."""
    before = list(sys.path)
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        forget(site)
