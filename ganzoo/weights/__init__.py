"""Files of weights: safetensors alone, looked through before anything in them is believed, and fetched ones checked."""

from ganzoo.weights.fetching import check, fetched, place
from ganzoo.weights.files import ENDING, PICKLED, read, sha256

__all__ = ["ENDING", "PICKLED", "check", "fetched", "place", "read", "sha256"]
