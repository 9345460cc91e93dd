"""Says what the folders below a data set's folder were taken for, and what was probably meant."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping

from ganzoo.data.walk import visible

_SIDES = (("traina", "trainb"), ("a", "b"), ("vala", "valb"), ("testa", "testb"))
"""How collections for translators name photos and paintings, in small letters, those to train on first."""
_SPLITS = ("train", "training", "val", "valid", "validation", "test", "testing")
_NAMED = 5


def told(root: str, counts: Mapping[str, int], *, labels: bool = True) -> Iterator[str]:
    """Sentences about a folder whose subfolders, given with their numbers of files, became labels if `labels`."""
    named = ", ".join(f"{_shown(name)} ({count})" for name, count in list(counts.items())[:_NAMED])
    folders = "folders, and the pictures outside them," if "." in counts else f"{len(counts)} folders"
    more = f" and {len(counts) - _NAMED} more" if len(counts) > _NAMED else ""
    if labels:
        yield f"'{visible(root)}': its {folders} are labels: {named}{more}"
    if sides := _sides(counts):
        data, style = (shlex.quote(os.path.join(root, side)) for side in sides)
        yield f"'{visible(root)}' looks like two sides of a translator: for that give --data {data} --style {style}"
    elif part := _split(counts):
        place = shlex.quote(os.path.join(root, part))
        yield f"'{visible(root)}' looks split for training and tests: to train on one part give --data {place}"


def _shown(name: str) -> str:
    return "no folder" if name == "." else visible(name)


def _sides(names: Iterable[str]) -> tuple[str, str] | None:
    """The folders of both sides, if there are such. Case is ignored."""
    inside: dict[str, dict[str, str]] = {}
    for path in sorted(_with_parents(names)):
        parent, name = os.path.split(path)
        inside.setdefault(parent, {})[name.lower()] = path
    parents = sorted(inside, key=lambda parent: (not os.path.basename(parent).lower().startswith("train"), parent))
    for one, other in _SIDES:
        for parent in parents:
            here = inside[parent]
            # Beside other single letters, a and b are letters.
            if {one, other} <= here.keys() and (one != "a" or len(here) == len(_SIDES[0])):
                return here[one], here[other]
    return None


def _split(names: Iterable[str]) -> str:
    """The folder to train on, if several of the outermost folders are parts of a split; else nothing."""
    outermost = {name.partition(os.sep)[0] for name in names}
    found = sorted((_SPLITS.index(name.lower()), name) for name in outermost if name.lower() in _SPLITS)
    return found[0][1] if len(found) > 1 else ""


def _with_parents(names: Iterable[str]) -> set[str]:
    """The folders and all folders that they lie in."""
    found: set[str] = set()
    for name in names:
        while name not in ("", ".") and name not in found:
            found.add(name)
            name = os.path.dirname(name)
    return found
