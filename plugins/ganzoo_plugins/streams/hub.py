"""A Hugging Face data set, read row by row through `datasets`; ganzoo decodes its files."""

import glob
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from ganzoo import DataError, Picture, PictureStream, Size, UsageError
from ganzoo_plugins.streams.labels import Labels, split_values
from ganzoo_plugins.streams.reading import Encoded, decoded, limited
from ganzoo_plugins.streams.share import chosen_share

if TYPE_CHECKING:
    from ganzoo_plugins.streams import HubOptions


class Hub(PictureStream):
    """The pictures of one column of one split, or this process's share of the rows.

    Nothing is imported, downloaded or opened before `count` or `pictures` is called. These raise UsageError without
    the package `datasets`, DataError when the data set, its split or its columns can't be used.
    """

    def __init__(self, options: "HubOptions") -> None:
        self.options = options
        self.share = chosen_share(options.share, os.environ)
        self.attributes: Mapping[str, tuple[str, ...]] = {}

    def fingerprint(self) -> str:
        """Hash of the options, the share, and the path, size, times and inode of local files.

        What changes on the hub goes unnoticed unless `revision` changes too.
        """
        digest = hashlib.sha256(self.options.model_dump_json(exclude={"share", "streaming"}).encode())
        digest.update(f"\0{self.share}".encode())
        for path in sorted(filter(os.path.exists, _local_files(self.options))):  # a link may lead nowhere
            status = os.stat(path)
            # The modification time can be set; the time of change and the inode can't.
            stamp = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
            digest.update(os.fsencode(path) + f"\0{stamp}\0".encode())
        return f"hub:{digest.hexdigest()[:32]}"

    def count(self) -> int | None:
        """The number of rows of the share; None when they are streamed."""
        if self.options.streaming:
            return None
        rows = len(self._columns.rows)
        return min(rows, self.options.limit) if self.options.limit else rows

    def pictures(self, size: Size) -> Iterator[Picture]:
        """In the order of the rows."""
        columns = self._columns
        labels = Labels(columns.label, columns.values or split_values(self.options.values), self.share)
        yield from decoded(limited(self._encoded(columns, labels), self.options.limit), size)
        self.attributes = labels.attributes()

    def _encoded(self, columns: "_Columns", labels: Labels) -> Iterator[Encoded]:
        with one_line_errors(self.options.path):
            for number, row in enumerate(columns.rows):
                yield _item(number, row, columns, labels)

    @cached_property
    def _columns(self) -> "_Columns":
        with one_line_errors(self.options.path), quiet():
            return _Columns(self.options, self.share.number, self.share.parts)


class _Columns:
    """The rows of a share, and which of their columns are the picture and the label."""

    def __init__(self, options: "HubOptions", number: int, parts: int) -> None:
        from datasets import ClassLabel, Image
        from datasets.distributed import split_dataset_by_node

        rows = _loaded(options)
        # Streamed text formats have columns without types, known from the first row only.
        features: Mapping[str, Any] = rows.features or dict.fromkeys(next(iter(rows), {}))
        self.image = _column(features, options.image, Image, "images", "image")
        if not self.image:
            raise DataError(f"data set '{options.path}' has no column of images but {_list(features)}: set data.image")
        self.label = "" if options.label == "-" else _column(features, options.label, ClassLabel, "labels", "label")
        self.names = features[self.label].names if isinstance(features.get(self.label), ClassLabel) else None
        self.values = tuple(self.names or ())
        kept = rows.select_columns([self.image, *filter(None, [self.label])])
        self.rows = split_dataset_by_node(kept.cast_column(self.image, Image(decode=False)), number, parts)


def _loaded(options: "HubOptions") -> Any:
    from datasets import load_dataset

    return load_dataset(
        options.path,
        options.name or None,
        split=options.split,
        data_files=options.files.split("::") if options.files else None,
        revision=options.revision or None,
        streaming=options.streaming,
    )


def _column(features: Mapping[str, Any], wanted: str, kind: type, what: str, option: str) -> str:
    """The column of that name, or the first of that kind; empty when there is none."""
    if wanted and wanted not in features:
        raise DataError(f"no column '{wanted}' for {what}: data.{option} is one of {_list(features)}")
    return wanted or next((name for name, feature in features.items() if isinstance(feature, kind)), "")


def _item(number: int, row: Mapping[str, Any], columns: _Columns, labels: Labels) -> Encoded:
    image = row[columns.image] or {}
    path = image.get("path") or ""
    name = f"row {number}" + (f" ({os.path.basename(path)})" if path else "")
    try:
        text = _value(row[columns.label], columns.names) if columns.label else None
        numbers, meaning = labels.numbers(text), labels.meaning(text)
    except ValueError as error:
        return Encoded(name=name, read=bytes, problem=str(error))
    content = image.get("bytes")
    return Encoded(
        name=name, read=lambda: _content(path) if content is None else content, labels=numbers, meaning=meaning
    )


def _value(value: Any, names: list[str] | None) -> str | None:
    """A label as text; None where the data set has none (a class of -1 says so too)."""
    if names is None or value is None:
        return None if value is None else str(value)
    return names[value] if 0 <= value < len(names) else None


def _content(path: str) -> bytes:
    """A file that the row only names: local, in an archive or on the hub."""
    from datasets.utils.file_utils import xopen

    if not path:
        raise OSError("the row has no image")
    with xopen(path, "rb") as file:
        return bytes(file.read())


@contextmanager
def one_line_errors(path: str) -> Iterator[None]:
    """Turns any error of `datasets` into one line."""
    try:
        yield
    except (DataError, UsageError):
        raise
    except ModuleNotFoundError as error:
        if error.name == "datasets":
            raise UsageError("data set 'hub' needs one more package: pip install 'ganzoo-core[datasets]'") from None
        raise DataError(f"data set '{path}' can't be read: {error}") from None
    # Not found, not reachable, not allowed, no such split and damaged files have no base class but this one.
    except Exception as error:
        raise DataError(f"data set '{path}' can't be read: {_reason(error)}") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Hides the progress bars of `datasets`, which would break our own lines."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(f"{type(error).__name__}: {error}".split())


def _local_files(options: "HubOptions") -> Iterator[str]:
    if os.path.isdir(options.path):
        yield from (os.path.join(root, name) for root, _, names in os.walk(options.path) for name in names)
    for pattern in options.files.split("::"):
        yield from filter(os.path.isfile, glob.glob(pattern, recursive=True))


def _list(features: Mapping[str, Any]) -> str:
    return ", ".join(islice(features, 20))
