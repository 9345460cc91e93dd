"""Files of weights: safetensors alone, looked through before anything in them is believed, and fetched ones checked."""

from ganzoo.weights.fetching import check, fetched
from ganzoo.weights.files import read, sha256

__all__ = ["check", "fetched", "read", "sha256"]
