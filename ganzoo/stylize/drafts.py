"""New files take their place when they are whole; until then they have a name that nothing else has."""

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganzoo.errors import GanzooError, StorageError, one_line


class _Draft(io.FileIO):
    """Hides its number, by which Pillow would write past Python and report a full disk as "encoder error -2"."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation


@contextmanager
def draft_of(path: Path) -> Iterator[io.BufferedRandom]:
    """A new file that replaces `path` when the block ends well, and is removed when it does not.

    Raises StorageError for what the disk refuses and for what the format can't hold. The draft's name is short, so that
    every name that is allowed for `path` can be written.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with io.BufferedRandom(_Draft(draft, "x+")) as file:  # "x" opens what is new, never a link or a pipe
            yield file
        draft.replace(path)
    except GanzooError:
        raise
    except Exception as error:  # Pillow raises many types for pictures that a format can't hold
        raise StorageError(f"can't write '{path}': {one_line(error)}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
