"""Options that have another name now: the old names are still read, and users hear about those that they wrote."""

from collections.abc import Container, Mapping
from typing import TypeVar

from ganzoo.deprecated import GONE, OPTIONS

T = TypeVar("T")


def with_new_names(values: Mapping[str, T], known: Container[str]) -> dict[str, T]:
    """The values under their present names. An old name that is `known` stays: a plugin may have such an option."""
    renamed = _renamed(known)
    return {renamed.get(key, key): value for key, value in values.items()}


def rename_notices(values: Mapping[str, object], known: Container[str] = frozenset(OPTIONS.values())) -> list[str]:
    """A sentence for each old name among the values."""
    renamed = _renamed(known)
    return [
        f"option '{key}' is now '{renamed[key]}'; the old name goes with ganzoo-core {GONE}"
        for key in values
        if key in renamed
    ]


def _renamed(known: Container[str]) -> dict[str, str]:
    return {old: new for old, new in OPTIONS.items() if old not in known and new in known}
