"""A folder of images as a data set. Nested folders become labels; unreadable files are skipped with a reason."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.decode import ENDINGS, decode, native_size
from ganzoo.data.layout import told
from ganzoo.data.source import ImageSource, Picture
from ganzoo.data.stamp import written
from ganzoo.data.walk import Found, walk
from ganzoo.errors import DataError, one_line
from ganzoo.io.untrusted import open_file, read_bytes

MAX_BYTES = 500_000_000
"""The largest file that is read. The largest picture that is decoded has 400 MB without compression."""
_READ_AHEAD = 32


class FolderSource(ImageSource):
    """The images below a folder, in the order of their names. The file of one image is a folder of one.

    Raises DataError when there is no such folder, when it can't be read, and when it has no image.
    """

    def __init__(self, options: FolderOptions) -> None:
        path = Path(options.path)
        self.root = path.parent if path.is_file() else path
        self._found = _only(path) if path.is_file() else walk(str(path), ENDINGS)
        found = sorted(self._found.files)
        self.files = [name for name, _, _ in found]
        self._stamps = [(size, changed) for _, size, changed in found]
        if not self.files:
            raise DataError(_nothing_in(path, self._found))
        folders = sorted(set(map(self.label, self.files)))
        self._classes = {folder: number for number, folder in enumerate(folders)} if len(folders) > 1 else {}
        self.attributes = {"folder": tuple(folders)} if self._classes else {}

    def __len__(self) -> int:
        return len(self.files)

    def label(self, name: str) -> str:
        """The folder of that file: its label where there are several."""
        return os.path.dirname(name) or "."

    def remarks(self, *, labels: bool = True) -> Iterator[str]:
        """Sentences for the user: which folders became labels, if they count, and what was not read."""
        if self._classes:
            yield from told(str(self.root), Counter(map(self.label, self.files)), labels=labels)
        yield from self._found.remarks(self.root)

    def fingerprint(self) -> str:
        """A hash of names, sizes, times and places on disk, but not of the path of the folder itself."""
        digest = hashlib.sha256()
        for name, stamp in zip(self.files, self._stamps, strict=True):
            digest.update(os.fsencode(name) + f"\0{stamp}\0{written(self.root / name)}\0".encode())
        return f"folder:{digest.hexdigest()[:32]}"

    def native_sizes(self, most: int) -> Sequence[Size]:
        """Of files from the first to the last, evenly spaced; those that can't be opened are left out."""
        count = min(most, len(self.files))
        names = [self.files[place * len(self.files) // count] for place in range(count)]
        return [size for name in names if (size := _native_size(self.root / name))]

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """The pictures, decoded on several threads, a few at a time so that memory use stays flat."""
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for start in range(0, len(indices), _READ_AHEAD):
                yield from pool.map(lambda i: self._picture(i, size), indices[start : start + _READ_AHEAD])

    def _picture(self, index: int, size: Size) -> Picture:
        name = self.files[index]
        labels = (self._classes[self.label(name)],) if self._classes else ()
        try:
            data = read_file(self.root / name)
        except OSError as error:
            problem = (error.strerror or one_line(error)).lower()
            return Picture(pixels=None, labels=labels, name=name, problem=problem)
        digest = hashlib.sha256(data).hexdigest()
        try:
            pixels, notes = decode(data, size)
        except ValueError as error:
            return Picture(pixels=None, labels=labels, name=name, problem=str(error), digest=digest)
        return Picture(pixels=pixels, labels=labels, name=name, notes=notes, digest=digest)


def _native_size(path: Path) -> Size | None:
    try:
        with open_file(path) as file:
            return native_size(file)
    except Exception:  # Pillow raises many types for broken files; reading them says what is wrong
        return None


def _only(file: Path) -> Found:
    status = file.stat()
    named = file.suffix.lower() in ENDINGS
    return Found(files=[(file.name, status.st_size, status.st_mtime_ns)] if named else [])


def _nothing_in(root: Path, found: Found) -> str:
    if root.is_file():
        return f"'{root}' is no picture: known endings are {', '.join(sorted(ENDINGS))}"
    if not root.is_dir():
        return f"there is no folder '{root}'"
    if found.unreadable and not found.unreadable[0][0]:
        return f"the folder '{root}' can't be read: {found.unreadable[0][1]}"
    for data, ending in (("shards", ".tar"), ("hub", ".parquet")):
        if walk(str(root), (ending,)).files:
            return f"no images in '{root}' but *{ending}: read them by --data {data} --set data.path={root}"
    remarks = "".join(f"; {remark}" for remark in found.remarks(root))
    return f"no images in '{root}': looked for {', '.join(sorted(ENDINGS))} at any depth{remarks}"


def read_file(path: Path) -> bytes:
    """The content of an ordinary file. Raises OSError for a pipe or device, and for a file larger than any picture."""
    try:
        return read_bytes(path, MAX_BYTES)
    except ValueError as error:
        raise OSError(str(error)) from None
