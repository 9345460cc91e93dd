"""Reads files that hold several pictures, which are animations and documents of several pages, one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from PIL import Image

from ganzoo.errors import one_line
from ganzoo.stylize.photo import Photo, check_memory, opened, photo_of

MOST = 10_000
"""Frames that are painted of one file."""
_TOO_MANY = "has more than {0:,} frames, of which the first {0:,} are painted"
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
_SUBFILE, _COPY_OR_MASK = 254, 0b101


class Kind(StrEnum):
    """What the pictures of a file are to each other."""

    ONE = "one picture"
    ANIMATION = "animation"
    PAGES = "pages"
    SEVERAL = "several pictures"
    """The first is the picture; the others are a thumbnail, a depth map or the like."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A frame that can be read: its number in the file, the milliseconds for which it is shown, and its pixels."""

    number: int
    delay: float
    pixels: int
    transparent: bool


@dataclass(frozen=True, kw_only=True)
class Film:
    """All frames that can be read. `plays` 0 repeats them for ever.

    `poster` says that the first is shown only where animations are not.
    """

    shots: tuple[Shot, ...]
    plays: int
    poster: bool
    notes: tuple[str, ...]

    @property
    def pixels(self) -> int:
        """Those of all frames together."""
        return sum(shot.pixels for shot in self.shots)

    @property
    def transparent(self) -> bool:
        """Whether any frame is, in part."""
        return any(shot.transparent for shot in self.shots)


def kind_of(image: Image.Image) -> Kind:
    """Found without walking through the file, which may be a chain of very many directories."""
    if not getattr(image, "is_animated", False):
        return Kind.ONE
    if image.format in _ANIMATED:
        return Kind.ANIMATION
    return Kind.PAGES if image.format == "TIFF" else Kind.SEVERAL


def look_through(data: bytes) -> Film:
    """Decodes each frame once: what is wrong shows before anything is painted. Raises what Pillow raises for the first.

    Frames after one that can't be read are left out, since they may build on it; a page is left out alone. Smaller
    copies and masks among the pages are left out, since they would no longer match.
    """
    notes: list[str] = []
    with opened(data) as image:
        plays, poster = _plays(image), bool(image.info.get("default_image"))
        readable = _pages if kind_of(image) is Kind.PAGES else _frames
        shots = tuple(_shot(image, number) for number in readable(image, notes))
    return Film(shots=shots, plays=plays, poster=poster, notes=tuple(notes))


def _shot(image: Image.Image, number: int) -> Shot:
    return Shot(
        number=number,
        delay=float(image.info.get("duration", 0) or 0),
        pixels=image.width * image.height,
        transparent=_is_transparent(image),
    )


def _frames(image: Image.Image, notes: list[str]) -> Iterator[int]:
    """The number of each frame to paint, at which the image then stands. Notes say what is left out."""
    for number, error in _loaded(image):
        if number == MOST:
            notes.append(_TOO_MANY.format(MOST))
        elif error is None:
            yield number
        else:
            lost = f"frame {number + 1} can't be read ({one_line(error)})"
            notes.append(f"{lost}, so only the {number} before it are painted")
            return


def _pages(image: Image.Image, notes: list[str]) -> Iterator[int]:
    """As `_frames`, for pages, which don't build on each other."""
    copies, broken = 0, 0
    for number, error in _loaded(image):
        if number and image.tag_v2.get(_SUBFILE, 0) & _COPY_OR_MASK:  # type: ignore[attr-defined]
            copies += 1
        elif number == MOST:
            notes.append(_TOO_MANY.format(MOST))
        elif error is None:
            yield number
        else:
            broken += 1
            if broken == 1:
                notes.append(f"page {number + 1} can't be read ({one_line(error)})")
    if broken > 1:
        notes.append(f"nor can {broken - 1} others")
    if copies:
        notes.append(f"{copies} smaller copies or masks in the file are not kept")


def _loaded(image: Image.Image) -> Iterator[tuple[int, Exception | None]]:
    """Loads one frame after the other, up to one more than are painted: its number, and why it can't be read."""
    promised = _promised(image)
    for number in range(MOST + 1):
        error = _load(image, number)
        if isinstance(error, EOFError) and number >= promised:
            return
        if error and not number:
            raise error
        yield number, error


def _load(image: Image.Image, number: int) -> Exception | None:
    try:
        image.seek(number)
        check_memory(image)
        image.load()
    except Exception as error:  # Pillow raises many types for broken frames
        return error
    return None


def photos_of(data: bytes, film: Film) -> Iterator[Photo]:
    """The film's frames as photos. Those of an animation have the size of the first: a player shows no more."""
    with opened(data) as image:
        animation = kind_of(image) is Kind.ANIMATION
        for shot in film.shots:
            image.seek(shot.number)
            photo = photo_of(image)
            if not animation:
                yield photo
                continue
            if not shot.number:
                height, width = photo.pixels.shape[:2]
            alpha = None if photo.alpha is None else photo.alpha[:height, :width]
            yield replace(photo, pixels=photo.pixels[:height, :width], alpha=alpha)


def _promised(image: Image.Image) -> int:
    """How many frames the file says it has, where it says so at its start; 1 otherwise."""
    return int(getattr(image, "n_frames", 1)) if image.format in ("PNG", "WEBP", "AVIF") else 1


def _plays(image: Image.Image) -> int:
    """How often an animation is shown, 0 for ever: a GIF says how often it is repeated."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else int(loop) and int(loop) + 1
    return int(loop or 0)


def _is_transparent(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    least, _ = image.convert("RGBA").getchannel("A").getextrema()
    return bool(least < 255)  # type: ignore[operator]  # of one band they are two numbers
