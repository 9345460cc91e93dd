"""Where ganzoo keeps what it can make again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where caches live: $GANZOO_CACHE, else ganzoo below the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GANZOO_CACHE") or Path(base) / "ganzoo")
