"""Weight files: only safetensors is read, every file is checked before use, and declared files are fetched once."""

from ganzoo.weights.fetching import check, fetched, place
from ganzoo.weights.files import ENDING, PICKLED, read, sha256
from ganzoo.weights.foreign import Imported, import_weights

__all__ = ["ENDING", "PICKLED", "Imported", "check", "fetched", "import_weights", "place", "read", "sha256"]
