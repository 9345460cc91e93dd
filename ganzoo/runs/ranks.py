"""Reads the environment variables that torchrun sets, for code that needs them before torch is imported."""

import os


def started_with_others() -> bool:
    """Whether this process is one of several that train one run."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_first() -> bool:
    """Whether this is the process that writes and prints."""
    return not started_with_others() or os.environ.get("RANK", "0") == "0"
