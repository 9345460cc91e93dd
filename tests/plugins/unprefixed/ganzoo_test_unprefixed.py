"""Marks a hook without the prefix that hooks have."""

from ganzoo import hookimpl


@hookimpl
def models() -> list[object]:
    return []
