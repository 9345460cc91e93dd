"""One pass over a data set for the facts and the small copy of every picture.

It uses several threads and holds only a few pictures in memory.
"""

import hashlib
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzoo.config.units import Size
from ganzoo.data.folder import FolderSource, read_file
from ganzoo.data.inspect.facts import Facts, Side, Thumb, look, measure
from ganzoo.data.inspect.measure import THUMB
from ganzoo.data.source import ImageSource, Picture, PictureStream
from ganzoo.errors import DataError, one_line

Report = Callable[[int, int | None, int], None]
"""Receives the number of pictures measured, the total if it is known, and the number that can't be used."""

DRAWN = 400
"""How many pictures of a data set without files are measured."""
DRAWN_SIZE = Size(128, 128)
_READ_AHEAD = 32
_REPORT_EVERY = 16


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The facts about one side, with small copies `thumbs`, uint8 N THUMB THUMB 3, which are black for unusable ones.

    `root` is the folder, or None for a data set without files. `total` is the number of all pictures, of which a data
    set without files has only some measured. `labels` is the number of values by label attribute that a usable picture
    has. `remarks` are sentences about what the folder was taken for and what in it was left out.
    """

    side: Side
    origin: str
    root: Path | None
    facts: tuple[Facts, ...]
    thumbs: NDArray[np.uint8]
    total: int | None
    labels: Mapping[str, int]
    remarks: tuple[str, ...] = ()


def survey(source: PictureStream, side: Side, origin: str, report: Report = lambda *_: None) -> Survey:
    """Measures every picture of a folder, or up to DRAWN pictures of a data set without files.

    Raises DataError when there is no picture.
    """
    folder = source if isinstance(source, FolderSource) else None
    total = source.count()
    facts: list[Facts] = []
    thumbs: list[Thumb] = []
    bad = 0
    for fact, thumb in _pictures(source, side) if folder is None else _files(folder, side):
        facts.append(fact)
        thumbs.append(np.zeros((THUMB, THUMB, 3), np.uint8) if thumb is None else thumb)
        bad += thumb is None
        if len(facts) % _REPORT_EVERY == 0 or len(facts) == total:
            report(len(facts), None if folder is None else total, bad)
    if not facts:
        raise DataError(f"there is no picture in '{origin}'")
    return Survey(
        side=side,
        origin=origin,
        root=None if folder is None else folder.root,
        facts=tuple(facts),
        thumbs=np.stack(thumbs),
        total=total if total is not None else len(facts),
        labels=_labels(source, facts),
        remarks=() if folder is None else tuple(folder.remarks()),
    )


def _labels(source: PictureStream, facts: Sequence[Facts]) -> dict[str, int]:
    if not isinstance(source, FolderSource):
        return {name: len(values) for name, values in source.attributes.items()}
    usable = {source.label(fact.name) for fact in facts if fact.usable}
    return dict.fromkeys(source.attributes, len(usable))


def _files(source: FolderSource, side: Side) -> Iterator[tuple[Facts, Thumb | None]]:
    def one(name: str) -> tuple[Facts, Thumb | None]:
        try:
            data = read_file(source.root / name)
        except OSError as error:
            return Facts(side=side, name=name, problem=one_line(error)), None
        return look(side, name, data)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for names in _batches(source.files):
            yield from pool.map(one, names)


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _READ_AHEAD):
        yield names[start : start + _READ_AHEAD]


def _pictures(source: PictureStream, side: Side) -> Iterator[tuple[Facts, Thumb | None]]:
    for number, picture in enumerate(_some(source)):
        name = picture.name or f"number {number}"
        if picture.pixels is None:
            yield Facts(side=side, name=name, sha256=picture.digest, problem=picture.problem), None
            continue
        measured, thumb = measure(picture.pixels)
        digest = picture.digest or hashlib.sha256(picture.pixels.tobytes()).hexdigest()
        yield Facts(side=side, name=name, sha256=digest, notes=picture.notes, **measured), thumb  # type: ignore[arg-type]


def _some(source: PictureStream) -> Iterator[Picture]:
    """Up to DRAWN pictures: spread evenly over a data set with numbers, or the first ones of a stream."""
    if isinstance(source, ImageSource):
        count = min(len(source), DRAWN)
        for start in range(0, count, _READ_AHEAD):
            numbers = range(start, min(start + _READ_AHEAD, count))
            yield from source.read([number * len(source) // count for number in numbers], DRAWN_SIZE)
    else:
        yield from itertools.islice(source.pictures(DRAWN_SIZE), DRAWN)
