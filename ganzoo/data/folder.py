"""A folder of images as a data set. Nested folders become labels; unreadable files are skipped with a reason."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.decode import ENDINGS, decode
from ganzoo.data.source import ImageSource, Picture
from ganzoo.data.stamp import written
from ganzoo.errors import DataError, one_line
from ganzoo.io.untrusted import read_bytes

MAX_BYTES = 500_000_000
"""The largest file that is read. The largest picture that is decoded has 400 MB without compression."""
_READ_AHEAD = 32


class FolderSource(ImageSource):
    """The images below a folder, in the order of their names.

    Links to folders are followed, and each folder is visited once. Raises DataError when there is no image.
    """

    def __init__(self, options: FolderOptions) -> None:
        self.root = Path(options.path)
        found = sorted(scan(str(self.root)))
        self.files = [name for name, _, _ in found]
        self._stamps = [(size, changed) for _, size, changed in found]
        if not self.files:
            raise DataError(_nothing_in(self.root))
        folders = sorted({os.path.dirname(name) or "." for name in self.files})
        self._classes = {folder: number for number, folder in enumerate(folders)} if len(folders) > 1 else {}
        self.attributes = {"folder": tuple(folders)} if self._classes else {}

    def __len__(self) -> int:
        return len(self.files)

    def fingerprint(self) -> str:
        """A hash of names, sizes, times and places on disk, but not of the path of the folder itself."""
        digest = hashlib.sha256()
        for name, stamp in zip(self.files, self._stamps, strict=True):
            digest.update(os.fsencode(name) + f"\0{stamp}\0{written(self.root / name)}\0".encode())
        return f"folder:{digest.hexdigest()[:32]}"

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """The pictures, decoded on several threads, a few at a time so that memory use stays flat."""
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for start in range(0, len(indices), _READ_AHEAD):
                yield from pool.map(lambda i: self._picture(i, size), indices[start : start + _READ_AHEAD])

    def _picture(self, index: int, size: Size) -> Picture:
        name = self.files[index]
        labels = (self._classes[os.path.dirname(name) or "."],) if self._classes else ()
        try:
            data = read_file(self.root / name)
        except OSError as error:
            return Picture(pixels=None, labels=labels, name=name, problem=one_line(error))
        digest = hashlib.sha256(data).hexdigest()
        try:
            pixels, notes = decode(data, size)
        except ValueError as error:
            return Picture(pixels=None, labels=labels, name=name, problem=str(error), digest=digest)
        return Picture(pixels=pixels, labels=labels, name=name, notes=notes, digest=digest)


def _nothing_in(root: Path) -> str:
    for data, ending in (("shards", "*.tar"), ("hub", "*.parquet")):
        if next(root.rglob(ending), None):
            return f"no images in '{root}' but {ending}: read them by --data {data} --set data.path={root}"
    return f"no images in '{root}': looked for {', '.join(sorted(ENDINGS))} at any depth"


def read_file(path: Path) -> bytes:
    """The content of an ordinary file. Raises OSError for a pipe or device, and for a file larger than any picture."""
    try:
        return read_bytes(path, MAX_BYTES)
    except ValueError as error:
        raise OSError(str(error)) from None


def scan(root: str) -> Iterator[tuple[str, int, int]]:
    """Every image file below `root`: its relative name, size in bytes and modification time in nanoseconds.

    A link that leads nowhere has size and time 0, so that it is reported when it is read.
    """
    visited: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        entries = _entries(os.path.join(root, inner), visited)
        # The sample grids of a run are not photos.
        if any(entry.name == "run.json" for entry in entries) and inner:
            continue
        prefix = os.path.join(inner, "")
        for entry in entries:  # os.path would take half of the time in a large folder
            name = entry.name
            if name.startswith("."):  # hidden folders contain thumbnails
                continue
            if _is_folder(entry):
                waiting.append(prefix + name)
            elif name[name.rfind(".") :].lower() in ENDINGS:
                yield (prefix + name, *_stamp(entry))


def _entries(folder: str, visited: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """The entries of a folder; none when it was visited before (links can form cycles) or can't be opened."""
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:
            return []
        visited.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that can't be entered
        return False


def _stamp(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        status = entry.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
