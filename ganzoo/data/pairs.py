"""Which photo belongs to which painting, for models of pairs."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from ganzoo.data.cache import Images
from ganzoo.data.folder import FolderSource
from ganzoo.data.source import PictureStream
from ganzoo.errors import DataError

ALONE = -1
"""The number of the photo of a painting that has none."""
_NAMED = 3
Named = Mapping[str, Sequence[str]]
"""Files by a name that several of them may share."""


def partners(paintings: Images, style: PictureStream, photos: Images, data: PictureStream) -> NDArray[np.int64]:
    """For each painting the number of its photo, or `ALONE` where that photo could not be read.

    Two folders are matched by file names, as `matched` does, anything else by order. Raises DataError when it is not
    clear which images belong together.
    """
    if not (isinstance(style, FolderSource) and isinstance(data, FolderSource)):
        _check_order(photos, paintings)
        return np.arange(len(paintings))
    photo_of = matched(style.files, data.files)
    read = {name: number for number, name in enumerate(_read(data, photos))}
    return np.array([read.get(photo_of[name], ALONE) for name in _read(style, paintings)], dtype=np.int64)


def matched(style: Sequence[str], data: Sequence[str]) -> dict[str, str]:
    """For each file of `style` the one of `data` with the same name, both as paths below their folders.

    Equal names come first, then names that differ in case only, then names without endings. Where a name belongs to
    several files of a side, it matches nothing. Accents count as equal however they are composed. Raises DataError that
    names what is left over.
    """
    found: dict[str, str] = {}
    rests = set(style), set(data)
    for key in (str, _composed, _caseless, _stem, _loosest):
        painted, shown = _grouped(style, key), _grouped(data, key)
        for name in painted.keys() & shown.keys():
            painting, photo = painted[name][0], shown[name][0]
            alone = len(painted[name]) == len(shown[name]) == 1
            if alone and painting in rests[0] and photo in rests[1]:
                found[painting] = photo
                rests[0].remove(painting)
                rests[1].remove(photo)
    if rests[0] or rests[1]:
        style_rest, data_rest = map(sorted, rests)
        if unclear := {_loosest(file) for file in style_rest} & {_loosest(file) for file in data_rest}:
            raise DataError(_unclear(min(unclear), style, data))
        raise DataError(_without_counterpart(style_rest, data_rest))
    return found


def _unclear(name: str, style: Sequence[str], data: Sequence[str]) -> str:
    painted, shown = (sorted(_grouped(side, _loosest)[name]) for side in (style, data))
    return (
        f"it is not clear which images are pairs: {_list(shown)} in data, {_list(painted)} in style; give the two of a"
        " pair the same name, with its ending"
    )


def _without_counterpart(style: Sequence[str], data: Sequence[str]) -> str:
    sides = ((side, files) for side, files in (("data", data), ("style", style)) if files)
    return "pairs have the same names in both folders; without counterpart: " + " and ".join(
        f"{_list(files)} in {side}" for side, files in sides
    )


def _grouped(files: Iterable[str], key: Callable[[str], str]) -> Named:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        groups[key(file)].append(file)
    return groups


def _composed(file: str) -> str:
    """The name with accents as macOS does not write them, but all others do."""
    return unicodedata.normalize("NFC", file)


def _caseless(file: str) -> str:
    return _composed(_composed(file).casefold())


def _stem(file: str) -> str:
    return _composed(PurePath(file).with_suffix("").as_posix())


def _loosest(file: str) -> str:
    return _caseless(_stem(file))


def _list(files: Sequence[str]) -> str:
    named = ", ".join(f"'{file}'" for file in files[:_NAMED])
    return named + (f" and {len(files) - _NAMED} more" if len(files) > _NAMED else "")


def _check_order(photos: Images, paintings: Images) -> None:
    """Raises DataError unless the two sides can be matched by their order."""
    if len(paintings) != len(photos):
        raise DataError(
            f"{len(photos)} images in data and {len(paintings)} in style make no pairs: give --data and --style, two"
            " folders with the same names"
        )
    for side, images in (("data", photos), ("style", paintings)):
        if images.skipped:
            name, problem = images.skipped[0]
            raise DataError(
                f"pairs by order need every image, and {len(images.skipped)} of {side} can't be used, such as '{name}':"
                f" {problem}; leave its counterpart out too, or give two folders, which are matched by name"
            )


def _read(folder: FolderSource, images: Images) -> list[str]:
    """The names of the images, in their order."""
    skipped = {name for name, _ in images.skipped}
    return [file for file in folder.files if file not in skipped]
