"""Forgets the mark on its hook, which pluggy would skip without a word."""


def ganzoo_models() -> list[object]:
    return []
