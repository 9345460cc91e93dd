"""Which values of a picture with more than 8 bits a channel become black and white."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TAKEN = "values of more than 8 bits taken as 0 to {:,}"
"""The note for a range that neither the file nor the type of the values says."""
STRETCHED = "negative or very large values, scaled from the smallest to the largest"
CUT = "values outside of the range cut off"
NOT_FINITE = "values that are not finite, taken as black (infinity as white)"

Note = Callable[[str], None]
Values = NDArray[Any]

_KNOWN = (255, 4095, 65535)
"""The largest values of 8, 12 and 16 bits. Values that fit into fewer bits than their type has are taken for these."""
_BRIGHT = 16
"""Floats below this are light from 0 to 1 with highlights: a picture from 0 to 255 would be black."""
_BEYOND = 1 / 16
"""The part of the range by which a filter may have driven floats beyond it."""
_STRIP = 256
"""Rows that are scaled at once, to save memory."""


@dataclass(frozen=True)
class _Range:
    """What becomes black and what white, and the note for it."""

    black: float
    white: float
    note: str = ""


def scaled(values: Values, declared: tuple[float, ...], note: Note) -> NDArray[np.uint8]:
    """Values of any shape as 8 bits."""
    floats = values.dtype.kind == "f"
    least, largest, finite = _extremes(values)
    span = (_of_floats if floats else _of_integers)(least, largest, declared, values.dtype)
    for told in (span.note, NOT_FINITE * (not finite)):
        if told:
            note(told)
    factor = 255 / ((span.white - span.black) or 1)
    result: NDArray[np.uint8] = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), _STRIP):
        part = values[top : top + _STRIP].astype(np.float64)
        if not finite:
            part = np.nan_to_num(part, nan=span.black, neginf=span.black, posinf=span.white)
        result[top : top + _STRIP] = ((part - span.black) * factor + 0.5).clip(0, 255)
    return result


def _extremes(values: Values) -> tuple[float, float, bool]:
    """The smallest and the largest of the finite values, and whether all are."""
    if values.dtype.kind != "f":
        return float(values.min()), float(values.max()), True
    finite = np.isfinite(values)
    least = values.min(initial=np.inf, where=finite)
    return (float(least) if finite.any() else 0.0), float(values.max(initial=-np.inf, where=finite)), bool(finite.all())


def _of_integers(least: float, largest: float, declared: tuple[float, ...], dtype: np.dtype[Any]) -> _Range:
    if least < 0:
        return _Range(least, largest, STRETCHED)
    for white in declared:
        if largest <= white:
            return _Range(0, white)
    full = np.iinfo(dtype).max
    for white in _KNOWN:
        if largest <= white:
            return _Range(0, min(white, full), TAKEN.format(white) if white < min(full, 65535) else "")
    return _Range(0, full) if largest > full / 16 else _Range(0, largest, STRETCHED)


def _of_floats(least: float, largest: float, declared: tuple[float, ...], dtype: np.dtype[Any]) -> _Range:
    for white in (*declared, 1, *_KNOWN):
        most = _BRIGHT if white == 1 else white * (1 + _BEYOND)
        if largest <= most:
            if least < -white * _BEYOND:
                return _Range(least, largest, STRETCHED)
            return _Range(0, white, CUT if least < 0 or largest > white else "")
    return _Range(min(least, 0), largest, STRETCHED)
