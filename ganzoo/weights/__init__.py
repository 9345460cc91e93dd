"""Files of weights: safetensors alone, looked through before anything in them is believed, and fetched ones checked."""

from ganzoo.weights.fetching import check, fetched, place
from ganzoo.weights.files import ENDING, PICKLED, read, sha256
from ganzoo.weights.foreign import Imported, import_weights

__all__ = ["ENDING", "PICKLED", "Imported", "check", "fetched", "import_weights", "place", "read", "sha256"]
