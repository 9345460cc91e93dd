"""How much memory this process may still take."""

from contextlib import suppress
from pathlib import Path

_SYSTEM = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Bytes, by what the system and its container leave; None where that can't be known (not on Linux)."""
    known = [free for free in (_of_system(), _of_container()) if free is not None]
    return min(known, default=None)


def _of_system() -> int | None:
    with suppress(OSError, ValueError):
        for line in _SYSTEM.read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _of_container() -> int | None:
    with suppress(OSError, ValueError):  # without a limit the file says "max"
        most = int((_CONTAINER / "memory.max").read_text(encoding="utf-8"))
        used = int((_CONTAINER / "memory.current").read_text(encoding="utf-8"))
        return most - used + _reclaimable()
    return None


def _reclaimable() -> int:
    """What the container holds of files, which the system drops when memory is needed."""
    with suppress(OSError, ValueError):
        for line in (_CONTAINER / "memory.stat").read_text(encoding="utf-8").splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    return 0
