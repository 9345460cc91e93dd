"""Ends a process whose parent has died: nobody watches it any more, and it would keep its run folder locked."""

import os
import signal
import sys
import time
from threading import Thread

PARENT = "GANZOO_PARENT"
"""An environment variable: the number of the process that starts this one, and that this one must not outlive."""
GRACE = 120.0
"""Seconds that a run has to save when it is to end, before it is killed."""
_LOOK_EVERY = 0.5


def end_with_parent() -> None:
    """Ends this process as SIGTERM does once its parent is gone, if the parent has asked for it.

    The workers of torchrun must not outlive it either: it starts them anew, and they would train in the same folder.
    Windows has no such signal, so that nothing is watched there.
    """
    named = os.environ.pop(PARENT, "")  # this process may start others, which have another parent
    if not named and "TORCHELASTIC_RUN_ID" in os.environ:
        named = str(os.getppid())
    if named.isdecimal() and sys.platform != "win32":
        Thread(target=_watch, args=(int(named),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:  # an orphan gets another parent; to ask works on every system but Windows
        time.sleep(_LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)
