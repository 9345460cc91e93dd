"""Places at which a test can kill the process, to see what is left on disk."""

import os
import signal
from collections import Counter

VARIABLE = "GANZOO_CRASH_AT"
"""For tests only: the name of a point, and after a colon at which of its passages, such as before-rename:2."""
POINTS = (
    "before-write",
    "between-files",
    "before-manifest",
    "before-rename",
    "after-rename",
    "after-latest",
    "during-prune",
)
"""In the order in which a save passes them."""
_passed: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Kills the process, as a power cut would, if the environment asks for it here."""
    wanted, _, number = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] == int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)
