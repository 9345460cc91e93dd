"""Writes a cleaned copy of a folder, without broken files, duplicates and borders, and with odd files converted."""

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from PIL import Image

from ganzoo.data.decode import GREY, MAX_ASPECT, MIN_SIDE, decode, open_header
from ganzoo.data.folder import read_file
from ganzoo.data.inspect.border import Border
from ganzoo.data.inspect.facts import Facts, printable, upright_size
from ganzoo.data.inspect.places import check_target
from ganzoo.data.inspect.summary import Inspection
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import draft_beside, write_atomically

Action = Literal["copied", "changed", "left out"]

LIST = "cleaned.json"
QUALITY = 95
"""The quality of JPEGs that must be encoded again."""
_LOSSY = frozenset({"JPEG", "MPO", "HEIF", "AVIF"})
_PLAIN_MODES = frozenset({"RGB", "L"})
_SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "PNG": (".png",)}


@dataclass(frozen=True, kw_only=True)
class CleanedFile:
    """What was done with one file.

    `target` is its name in the copy. `kept` names the picture that was kept instead of it.
    """

    name: str
    action: Action
    why: tuple[str, ...] = ()
    target: str = ""
    kept: str = ""

    def to_json(self) -> dict[str, object]:
        """The entry in cleaned.json, without empty fields."""
        names = {key: printable(getattr(self, key)) for key in ("name", "target", "kept")}
        return {key: value for key, value in (vars(self) | names).items() if value}


def clean(inspection: Inspection, target: Path) -> list[CleanedFile]:
    """Writes a cleaned copy of the data's folder to `target` and returns what was done with each file.

    The copy is made beside `target` and then renamed, so `target` is either complete or missing.

    Raises UsageError when the data has no files and when `target` is no place for a copy. Raises StorageError when the
    copy can't be written.
    """
    [survey] = [survey for survey in inspection.surveys if survey.side == "data"]
    if survey.root is None:
        raise UsageError(f"--fix needs a folder of files, and '{survey.origin}' has none")
    check_target(survey.root, target)
    draft = draft_beside(target)
    try:
        draft.mkdir(parents=True)
        done = list(_copy(survey.root, draft, survey.facts, left_out(inspection)))
        write_atomically(draft / LIST, json.dumps(_record(survey.origin, done), indent=1))
        if target.is_dir():
            target.rmdir()
        draft.rename(target)
    except OSError as error:
        raise StorageError(f"can't write the copy '{target}': {one_line(error)}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return done


def left_out(inspection: Inspection) -> dict[str, CleanedFile]:
    """The files of the data that the copy leaves out, by name.

    These are broken files, pictures that are also held out (mirrored or not), and all but one of the pictures that show
    the same. The one with the most pixels is kept; among equals, the one with the most bytes, then the first by name.
    Pictures that mirror others of the data are kept.
    """
    facts = [fact for fact in inspection.facts if fact.side == "data"]
    broken = {
        fact.name: CleanedFile(name=fact.name, action="left out", why=(fact.problem,))
        for fact in facts
        if not fact.usable
    }
    usable = sorted((fact for fact in facts if fact.usable), key=_preference)
    return broken | _duplicates(inspection, usable)


def _duplicates(inspection: Inspection, facts: list[Facts]) -> dict[str, CleanedFile]:
    """Those of the pictures, given in order of preference, that are held out or show the same as an earlier one."""
    held = _held_out(inspection)
    near = _near(inspection)
    gone: dict[str, CleanedFile] = {}
    kept: dict[str, str] = {}
    for fact in facts:
        if fact.sha256 in held:
            why, instead = "also held out", held[fact.sha256]
        elif fact.sha256 in kept:
            why, instead = "an exact copy", kept[fact.sha256]
        elif better := next((sha for sha in near[fact.sha256] if sha in kept), ""):
            why, instead = "nearly the same picture", kept[better]
        else:
            kept[fact.sha256] = fact.name
            continue
        gone[fact.name] = CleanedFile(name=fact.name, action="left out", why=(why,), kept=instead)
    return gone


def _held_out(inspection: Inspection) -> dict[str, str]:
    """The sha256 of every picture of the data that is also held out, with its name among the held-out files."""
    held = {}
    for pair in inspection.between("data", "held-out"):
        first, second = inspection.facts[pair.first], inspection.facts[pair.second]
        mine, other = (first, second) if first.side == "data" else (second, first)
        held[mine.sha256] = other.name
    return held


def _near(inspection: Inspection) -> defaultdict[str, list[str]]:
    """The sha256 of the pictures of the data that are nearly the same as a picture, by its sha256.

    Hashes stand for pictures here, since only one of several exact copies was compared with others.
    """
    near: defaultdict[str, list[str]] = defaultdict(list)
    for pair in inspection.between("data", "data", "near"):
        first, second = inspection.facts[pair.first].sha256, inspection.facts[pair.second].sha256
        near[first].append(second)
        near[second].append(first)
    return near


def _preference(fact: Facts) -> tuple[int, int, str]:
    """Sorts the picture to keep first."""
    return -fact.width * fact.height, -fact.bytes, fact.name


def _copy(root: Path, draft: Path, facts: tuple[Facts, ...], gone: Mapping[str, CleanedFile]) -> Iterator[CleanedFile]:
    # Unchanged files come first, so that they keep their names.
    staying = sorted((fact for fact in facts if fact.name not in gone), key=lambda fact: bool(_changes(fact)))
    taken: set[str] = {LIST}
    yield from gone.values()
    for fact in staying:
        try:
            data = read_file(root / fact.name)
            image = _plain(fact, data) if _changes(fact) else None
        except (OSError, ValueError) as error:  # the file changed since the inspection
            yield CleanedFile(name=fact.name, action="left out", why=(one_line(error),))
            continue
        name = _free(fact.name if image is None else _renamed(fact), taken)
        file = draft / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if image is None:
            file.write_bytes(data)
            yield CleanedFile(name=fact.name, action="copied", target=name)
        else:
            image.save(file, _written_as(fact), quality=QUALITY, subsampling=0)
            yield CleanedFile(name=fact.name, action="changed", why=_changes(fact), target=name)


def _changes(fact: Facts) -> tuple[str, ...]:
    """Why the file is encoded again; empty for a file that any program reads as ganzoo does."""
    changes = [note for note in fact.notes if note != GREY]
    if fact.turned:
        changes.append("turned as its EXIF says")
    if fact.mode not in _PLAIN_MODES and not changes:
        changes.append(f"mode {fact.mode} written as RGB")
    if _crops(fact):
        sides = ", ".join(f"{side} {width}" for side, width in fact.border.sides().items())
        changes.append(f"border cropped ({sides} pixels)")
    return tuple(changes)


def _crops(fact: Facts) -> bool:
    """Whether the border is cropped: when there is one and a picture of a valid shape is left."""
    border: Border = fact.border
    width, height = fact.width - border.left - border.right, fact.height - border.top - border.bottom
    return bool(border) and min(width, height) >= MIN_SIDE and max(width, height) <= MAX_ASPECT * min(width, height)


def _plain(fact: Facts, data: bytes) -> Image.Image:
    """The picture upright, in sRGB, without its border, at its original size."""
    with open_header(data) as image:
        size = upright_size(image)
    pixels, _ = decode(data, size)
    return Image.fromarray(fact.border.cut(pixels) if _crops(fact) else pixels)


def _written_as(fact: Facts) -> str:
    return "JPEG" if fact.format in _LOSSY else "PNG"


def _renamed(fact: Facts) -> str:
    suffixes = _SUFFIXES[_written_as(fact)]
    path = PurePath(fact.name)
    return fact.name if path.suffix.lower() in suffixes else str(path.with_suffix(suffixes[0]))


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number if another file has it. Case is ignored, since many file systems ignore it."""
    path, number = PurePath(name), 2
    while name.lower() in taken:
        name = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
        number += 1
    taken.add(name.lower())
    return name


def _record(origin: str, done: list[CleanedFile]) -> dict[str, object]:
    counts = Counter(one.action for one in done)
    return {"source": printable(origin), "counts": dict(counts), "files": [one.to_json() for one in done]}
