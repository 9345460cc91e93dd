"""Paints a picture's file into a new one, with all its frames where both formats hold several."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.data.folder import read_file
from ganzoo.errors import GanzooError, one_line
from ganzoo.stylize.apng import write_apng
from ganzoo.stylize.drafts import draft_of
from ganzoo.stylize.frames import Film, Kind, kind_of, look_through, photos_of
from ganzoo.stylize.gif import write_gif
from ganzoo.stylize.photo import Photo, naming, opened, photo_of
from ganzoo.stylize.tiff import QUALITY, write_pages
from ganzoo.stylize.writing import check_size, format_of, options_of, picture_of, write_photo

Paint = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Pixels H W 3 -> the same translated."""
Progress = Callable[[int, int], None]
"""Receives the frames done, and how many there are."""
_HOLD = {Kind.ANIMATION: ("GIF", "PNG", "WEBP", "TIFF"), Kind.PAGES: ("TIFF",)}
"""The formats that hold what a file with several pictures is."""


@dataclass(frozen=True, kw_only=True)
class Painted:
    """`size` is the width and height of the first frame; `notes` say what was changed or is not kept."""

    size: tuple[int, int]
    frames: int = 1
    notes: tuple[str, ...] = ()


def paint_picture(source: Path, target: Path, paint: Paint, progress: Progress) -> Painted:
    """Paints all frames of a picture's file, or the first where the format of `target` holds one.

    Memory holds one frame at a time, besides the file itself. Raises DataError for a picture that can't be read or is
    too large for the format, StorageError when it can't be written.
    """
    with naming(source):
        data = read_file(source)
        with opened(data) as image:
            check_size(target, *image.size)
            kind = kind_of(image)
            several = format_of(target) in _HOLD.get(kind, ())
            photo = None if several else photo_of(image)
        film = None if photo else look_through(data)
    if photo is None and film is not None:
        return _paint_film(photos_of(data, film), film, kind, target, _named(source, paint), progress)
    assert photo is not None
    notes = write_photo(photo, _named(source, paint)(photo.pixels), target)
    return Painted(size=_size(photo), notes=(*photo.notes, *_first_only(kind, format_of(target)), *notes))


def _named(source: Path, paint: Paint) -> Paint:
    """Painting whose errors name the file, and are not taken for errors of writing."""

    def named(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        try:
            return paint(pixels)
        except GanzooError:
            raise
        except Exception as error:
            raise GanzooError(f"'{source}' can't be painted: {one_line(error)}") from error

    return named


def _first_only(kind: Kind, form: str) -> tuple[str, ...]:
    if kind is Kind.ONE:
        return ()
    if kind is Kind.SEVERAL:
        return ("the first of several pictures in the file; the others are not kept",)
    return (f"the first of several {'frames' if kind is Kind.ANIMATION else 'pages'}, as {form} holds one picture",)


def _paint_film(
    photos: Iterable[Photo], film: Film, kind: Kind, target: Path, paint: Paint, progress: Progress
) -> Painted:
    form = format_of(target)
    notes: dict[str, None] = dict.fromkeys(film.notes)
    shots = film.shots
    first: list[Photo] = []

    def painted() -> Iterator[tuple[Image.Image, Photo]]:
        for done, photo in enumerate(photos, 1):
            if done == 1:
                first.append(photo)
            image, lost = picture_of(photo, paint(photo.pixels), form)
            notes.update(dict.fromkeys((*photo.notes, *lost)))
            progress(done, len(shots))
            yield image, photo

    with draft_of(target) as file:
        if form == "TIFF":
            pages = ((image, photo.metadata, photo.profile) for image, photo in painted())
            notes.update(dict.fromkeys(write_pages(pages, file, size=4 * film.pixels)))
            if kind is Kind.ANIMATION:
                notes["the time of each frame is not kept, as TIFF has none"] = None
        else:
            notes.update(dict.fromkeys(_write_animation(painted(), film, form, file)))
    return Painted(size=_size(first[0]), frames=len(shots), notes=tuple(notes))


def _write_animation(
    frames: Iterator[tuple[Image.Image, Photo]], film: Film, form: str, file: BinaryIO
) -> tuple[str, ...]:
    delays = [shot.delay for shot in film.shots]
    image, photo = next(frames)
    images: Iterator[Image.Image] = chain([image], (image for image, _ in frames))
    if form == "GIF":
        write_gif(zip(images, delays, strict=True), file, plays=film.plays, comment=photo.metadata.comment)
        return ()
    options, notes = options_of(photo.metadata, form)
    if photo.profile:
        options["icc_profile"] = photo.profile
    images = (image.convert("RGBA" if film.transparent else "RGB") for image in images)
    if form == "PNG":
        write_apng(images, delays, file, plays=film.plays, poster=film.poster, options=options)
    else:
        _write_webp(images, delays, film.plays, file, options)
    return notes


def _write_webp(
    images: Iterator[Image.Image], delays: list[float], plays: int, file: BinaryIO, options: dict[str, Any]
) -> None:
    if "exif" in options:  # as Pillow does for a single picture
        options["exif"] = options["exif"].removeprefix(b"Exif\0\0")
    next(images).save(
        file,
        "WEBP",
        save_all=True,
        append_images=[_Rest(images, len(delays) - 1)],
        duration=delays,
        loop=plays,
        method=4,
        **{"quality": QUALITY, **options},
    )


class _Rest:
    """The frames after the first, each painted when Pillow's writer of WebP asks for it."""

    has_transparency_data = False

    def __init__(self, images: Iterator[Image.Image], count: int) -> None:
        self.images = images
        self.n_frames = count
        self.image: Image.Image

    def seek(self, number: int) -> None:
        """Takes the next frame; Pillow asks for each in turn."""
        self.image = next(self.images)

    @property
    def mode(self) -> str:
        """The mode of the frame."""
        return self.image.mode

    def getim(self) -> object:
        """The frame's pixels, as Pillow's C code takes them."""
        return self.image.getim()


def _size(photo: Photo) -> tuple[int, int]:
    height, width = photo.pixels.shape[:2]
    return width, height
