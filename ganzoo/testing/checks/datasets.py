"""Checks of data sets. They skip a stream that has to download its pictures."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from pydantic import BaseModel

from ganzoo.config.units import Size
from ganzoo.data.source import ImageSource, Picture, PictureStream
from ganzoo.errors import GanzooError
from ganzoo.specs import load_target
from ganzoo.testing.checks.options_read import other_values
from ganzoo.testing.checks.parts import all_read, asked, built, offline
from ganzoo.testing.outcome import NotApplicable, fail, skip
from ganzoo.testing.subject import Declared

_COUNT = 3
_SIZE, _RECTANGLE = Size(32, 32), Size(24, 40)


def source_interface(subject: Declared) -> None:
    """The part is a PictureStream or ImageSource with a fingerprint, and a count that is positive or unknown."""
    source = _source(subject)
    if not source.fingerprint() or source.fingerprint() != _source(subject).fingerprint():
        fail("fingerprint() must be the same text each time, as it names the cache of the pictures")
    count = source.count()
    if count is not None and count < 1:
        fail(f"count() is {count}: raise ganzoo.DataError when there is no picture")


def pictures_well_formed(subject: Declared) -> None:
    """Pictures are uint8 H W 3 of the requested size, with a label for each attribute; a bad one says why."""
    source = _source(subject)
    for size in (_SIZE, _RECTANGLE):
        for picture in _first(source, size):
            _well_formed(picture, size)
            for (name, values), label in zip(source.attributes.items(), picture.labels, strict=True):
                if not 0 <= label < len(values):
                    fail(f"label {label} of attribute '{name}', which has {len(values)} values")


def pictures_repeatable(subject: Declared) -> None:
    """The same indices give the same pictures, in any order."""
    first = [picture.pixels for picture in _first(_source(subject))]
    again = [picture.pixels for picture in _first(_source(subject))]
    if any(not _same(one, other) for one, other in zip(first, again, strict=True)):
        fail("the pictures differ from one reading to the next: a run could not be resumed")
    source = _source(subject)
    if not isinstance(source, ImageSource):
        return
    backwards = list(range(len(first)))[::-1]
    turned = [picture.pixels for picture in asked(lambda: list(source.read(backwards, _SIZE)))]
    if any(not _same(one, other) for one, other in zip(first, turned[::-1], strict=True)):
        fail("a picture changes with the order of the indices: make it from its own index alone")


def fingerprint_tells_pictures(subject: Declared) -> None:
    """Options that give other pictures give another fingerprint, which names the cache of the pictures."""
    usual = _source(subject)
    pictures = _first(usual)
    for option, options in _others(subject):
        try:
            source = load_target(subject.spec.target)(options)
            found = _first(source)
        except (GanzooError, ValueError, NotApplicable):
            continue
        same = len(found) == len(pictures) and all(
            _same(one.pixels, other.pixels) and one.labels == other.labels
            for one, other in zip(pictures, found, strict=True)
        )
        other_count = source.count() != usual.count()
        if (not same or other_count) and source.fingerprint() == usual.fingerprint():
            fail(
                f"another value of '{option}' gives other pictures with the same fingerprint: a run would take those of"
                " the other value from the cache. fingerprint() must contain every option that changes pictures"
            )


def _others(subject: Declared) -> Iterator[tuple[str, BaseModel]]:
    """The default options with one of them changed, and its name."""
    if any(field.is_required() for field in subject.spec.options.model_fields.values()):
        return
    options = subject.spec.options()
    for name, field in subject.spec.options.model_fields.items():
        for value in other_values(getattr(options, name), field):
            yield name, options.model_copy(update={name: value})


def dataset_options_read(subject: Declared) -> None:
    """Every option of the data set is read."""
    read: set[str] = set()
    source = built(subject, read)
    list(_first(source))
    source.fingerprint()
    source.count()
    all_read(subject, read)


def _source(subject: Declared) -> PictureStream:
    source = built(subject)
    if not isinstance(source, PictureStream):
        fail(f"{subject.spec.target} gives no ganzoo.ImageSource or ganzoo.PictureStream")
    return source


def _first(source: PictureStream, size: Size = _SIZE) -> list[Picture]:
    """The first pictures. Skips a data set that needs the network for them."""

    def pictures() -> Iterator[Picture]:
        if isinstance(source, ImageSource):
            return source.read(range(min(_COUNT, len(source))), size)
        return islice(source.pictures(size), _COUNT)

    with offline():
        found: list[Picture] = asked(lambda: list(pictures()))
    if not found:
        skip("there is no picture")
    return found


def _well_formed(picture: Picture, size: Size) -> None:
    if picture.pixels is None:
        if not picture.problem:
            fail(f"picture '{picture.name}' has neither pixels nor a problem: say why it can't be used")
        return
    wanted = (size.height, size.width, 3)
    if picture.pixels.dtype != np.uint8 or picture.pixels.shape != wanted:
        fail(f"a picture is {picture.pixels.dtype} {picture.pixels.shape}, expected uint8 {wanted}")


def _same(one: object, other: object) -> bool:
    return np.array_equal(one, other)  # type: ignore[arg-type]  # None where a picture is bad
