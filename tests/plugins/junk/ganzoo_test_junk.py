"""Gives strings where declarations belong."""

from ganzoo import hookimpl


@hookimpl
def ganzoo_models() -> list[str]:
    return ["junk-gan"]
