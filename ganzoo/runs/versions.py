"""The versions of the software that computes a run."""

import os
import platform
import subprocess
from pathlib import Path

from ganzoo.io.installed import version


def versions() -> dict[str, str]:
    """Versions and facts of the system that may change what a run computes."""
    packages = ("ganzoo-core", "torch", "torchvision", "timm", "kornia", "numpy", "pillow")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": str(os.cpu_count()),
        "commit": commit(),
    } | {name: version(name) for name in packages}


def commit() -> str:
    """The commit of the checkout that ganzoo runs from; empty where it was installed or there is no git."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
