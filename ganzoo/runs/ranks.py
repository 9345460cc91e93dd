"""What torchrun tells a process in its environment, for those who must know it before torch is loaded."""

import os


def started_with_others() -> bool:
    """Whether this process is one of several that train one run."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_first() -> bool:
    """Whether this is the process that writes and prints."""
    return not started_with_others() or os.environ.get("RANK", "0") == "0"
