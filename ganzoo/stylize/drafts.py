"""New files take their place when they are whole; until then they have a name that nothing else has."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganzoo.errors import GanzooError, StorageError, one_line
from ganzoo.io.files import draft_beside


class _Draft(io.FileIO):
    """Hides its number, by which Pillow would write past Python and report a full disk as "encoder error -2"."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation


@contextmanager
def draft_of(path: Path) -> Iterator[io.BufferedRandom]:
    """A new file that replaces `path` when the block ends well, and is removed when it does not.

    Raises StorageError for what the disk refuses and for what the format can't hold.
    """
    draft = draft_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with io.BufferedRandom(_Draft(draft, "x+")) as file:
            yield file
        draft.replace(path)
    except GanzooError:
        raise
    except Exception as error:  # Pillow raises many types for pictures that a format can't hold
        raise StorageError(f"can't write '{path}': {one_line(error)}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
