"""Points at which a test can kill the process, to look at what is left on disk."""

import os
import signal
from collections import Counter

VARIABLE = "GANZOO_CRASH_AT"
"""For tests only: the name of a point and the number of its passage, such as before-rename:2 for the second."""
SAVE_POINTS = (
    "before-write",
    "between-files",
    "before-manifest",
    "before-rename",
    "after-rename",
    "after-latest",
    "during-prune",
)
"""The points in the order in which a save passes them."""
OUTPUT_POINTS = ("before-sample", "during-sample", "during-score", "before-best", "after-score")
"""The points around a sample grid and a score, in the same order."""
_passed: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Kills the process, as a power cut would, if the environment variable names this point."""
    wanted, _, number = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] == int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)
