"""Options that have another name now: the old names are still read, and users hear about those that they wrote."""

from collections.abc import Container, Mapping
from typing import TypeVar

T = TypeVar("T")

RENAMED = {
    "setbacks": "rollbacks",
    "opening_critic_steps": "warmup_critic_steps",
    "opening_steps": "warmup_steps",
    "opening_every": "warmup_every",
}
"""What each old name is called now."""
GONE = "0.3"
"""The version of ganzoo-core that drops the old names."""


def with_new_names(values: Mapping[str, T], known: Container[str]) -> dict[str, T]:
    """The values under their present names. An old name that is `known` stays: a plugin may have such an option."""
    renamed = _renamed(known)
    return {renamed.get(key, key): value for key, value in values.items()}


def rename_notices(values: Mapping[str, object], known: Container[str] = frozenset(RENAMED.values())) -> list[str]:
    """A sentence for each old name among the values."""
    renamed = _renamed(known)
    return [
        f"option '{key}' is now '{renamed[key]}'; the old name goes with ganzoo-core {GONE}"
        for key in values
        if key in renamed
    ]


def _renamed(known: Container[str]) -> dict[str, str]:
    return {old: new for old, new in RENAMED.items() if old not in known and new in known}
