"""Values of JSON that others may have written: each is checked to be of its type before anything computes with it."""

import math
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 10_000
"""Characters of a text: the longest that ganzoo writes has some hundreds."""


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """The value, if it is an object. Raises ValueError, which names `what`, for anything else."""
    if not isinstance(value, Mapping):
        raise ValueError(f"'{what}' is {_kind(value)}, not an object")
    return value


def number(value: object, what: str) -> float:
    """The value, if it is a finite number. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"'{what}' is {_kind(value)}, not a finite number")
    return value


def whole(value: object, what: str) -> int:
    """The value, if it is a whole number, zero or more. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"'{what}' is {_kind(value)}, not a whole number from 0")
    return value


def text(value: object, what: str) -> str:
    """The value, if it is a text of at most MAX_TEXT characters. Raises ValueError for anything else."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError(f"'{what}' is {_kind(value)}, not a text of at most {MAX_TEXT:,} characters")
    return value


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return repr(value)[:30]
        case str():
            return f"a text of {len(value):,} characters" if len(value) > MAX_TEXT else "a text"
        case Mapping():
            return "an object"
        case _:
            return "a list"
