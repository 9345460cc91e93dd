"""What tells two files apart that have the same name, size and modification time, without reading them."""

import os
from pathlib import Path


def written(path: str | Path) -> tuple[int, int]:
    """The inode of a file and the time of its last change, in nanoseconds; 0 for both where there is no file.

    The modification time can be set, and copying tools do so. The time of change moves on whenever a file is written or
    its modification time is set, but two files of one moment share it. The inode is then another.
    """
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_ino, status.st_ctime_ns
