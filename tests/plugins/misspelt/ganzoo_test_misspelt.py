"""Marks a hook that does not exist: one letter too many."""

from ganzoo import hookimpl


@hookimpl
def ganzoo_modells() -> list[object]:
    return []
