"""Which photo belongs to which painting, for models of pairs."""

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


def partners(paintings: Images, style: PictureStream, photos: Images, data: PictureStream) -> NDArray[np.int64]:
    """For each painting the number of its photo, or `ALONE` where that photo could not be read.

    Two folders are matched by file names without endings, anything else by order. Raises DataError when a name has no
    counterpart, or when the sides have different numbers of images.
    """
    if not (isinstance(style, FolderSource) and isinstance(data, FolderSource)):
        if len(paintings) != len(photos):
            raise DataError(f"{len(photos)} images in data and {len(paintings)} in style make no pairs")
        return np.arange(len(paintings))
    painted, shown = _names(style), _names(data)
    if strangers := sorted(set(painted) ^ set(shown)):
        named = ", ".join(f"'{name}'" for name in strangers[:_NAMED])
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        raise DataError(f"pairs have the same names in both folders; without counterpart: {named}{more}")
    read = {name: number for number, name in enumerate(_read(data, photos))}
    return np.array([read.get(name, ALONE) for name in _read(style, paintings)], dtype=np.int64)


def _names(folder: FolderSource) -> list[str]:
    return [_name(file) for file in folder.files]


def _read(folder: FolderSource, images: Images) -> list[str]:
    """The names of the images, in their order."""
    skipped = {name for name, _ in images.skipped}
    return [_name(file) for file in folder.files if file not in skipped]


def _name(file: str) -> str:
    return PurePath(file).with_suffix("").as_posix()
