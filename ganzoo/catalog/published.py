"""Published models: what registry.yaml says of each in its section `weights`, checked without torch."""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganzoo.errors import UsageError
from ganzoo.specs import ModelSpec, Weights

SECTION = "weights"
FILES = "ganzoo_plugins/published"
"""Where the files of the shipped registry are, below the folder of the packages."""
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\.safetensors")
_THEIRS = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?/(?:[!-~]*/)?([A-Za-z0-9_][A-Za-z0-9._-]{0,99})")
"""An address whose last part can be the name of a file."""
_ENDINGS = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".tar")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 100_000_000_000
_MOST_FILES = 16
_NEEDED = ("model", "summary", "license")
_OF_FILE = ("sha256", "size")
_TEXTS = (*_NEEDED, "credit", "trained_on", "command", "took", "bad_at", "picture")
_KNOWN = frozenset((*_TEXTS, *_OF_FILE, "file", "url", "files", "scores"))


@dataclass(frozen=True, kw_only=True)
class ForeignFile:
    """A file of another program's checkpoint, as it lies at an https address. `name` is the last part of that."""

    name: str
    url: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Published:
    """A trained model with a name: one safetensors file, which comes with a package or from an https address.

    Exactly one of `file`, `url` and `files` is set. `files` are those of a checkpoint of another program, which is
    fetched and imported; `sha256` is then over theirs, and `size` of all together. `scores` maps metrics to a value and
    the ends of its 95 % interval. `credit` names those whose work it is.
    """

    name: str
    model: str
    summary: str
    sha256: str
    size: int
    license: str
    file: Path | None = None
    url: str = ""
    files: tuple[ForeignFile, ...] = ()
    credit: str = ""
    trained_on: str = ""
    command: str = ""
    took: str = ""
    bad_at: str = ""
    picture: str = ""
    scores: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def weights(self) -> Weights:
        """What to fetch. Raises ValueError for an address that is none."""
        return Weights(name=self.name, url=self.url, sha256=self.sha256, size=self.size, license=self.license)

    @property
    def places(self) -> tuple[str, ...]:
        """Where its files are: paths or addresses."""
        return tuple(one.url for one in self.files) or (str(self.file or self.url),)


def shipped_files() -> Path:
    """The folder with the files of this installation's registry: beside the package, or in a checkout."""
    above = Path(__file__).parents[2]
    places = (above / FILES, above / "plugins" / FILES)
    return next((place for place in places if place.parent.is_dir()), places[0])


def published_model(registry: Path, name: str, entry: object, folder: Path) -> Published:
    """The checked entry of that registry, whose files lie in `folder`. Raises UsageError, which says what is wrong."""
    known: dict[str, Any] = dict(entry) if isinstance(entry, Mapping) else {}
    problem = _problem(known) if isinstance(entry, Mapping) else "write a mapping of keys to values"
    if not problem and "url" in known:
        try:
            Weights(name=name, **{key: known[key] for key in ("url", "sha256", "size", "license")})
        except ValueError as error:
            problem = str(error)
    if problem:
        raise UsageError(f"{registry}: weights '{name}': {problem}")
    if "files" in known:
        files = tuple(ForeignFile(name=_name_at(one["url"]), **one) for one in known["files"])
        known |= {"files": files, "sha256": _over(files), "size": sum(one.size for one in files)}
    file = folder / known.pop("file") if "file" in known else None
    scores = {metric: tuple(map(float, values)) for metric, values in known.pop("scores", {}).items()}
    return Published(name=name, file=file, scores=scores, **known)  # type: ignore[arg-type]  # checked just above


def _name_at(url: object) -> str:
    """The name of the file at an address; empty where that can be none."""
    found = _THEIRS.fullmatch(url) if isinstance(url, str) else None
    return found[2] if found and found[2].endswith(_ENDINGS) else ""


def _over(files: Iterable[ForeignFile]) -> str:
    """One digest for several files, by which the model that is made of them is kept."""
    return hashlib.sha256("\n".join(f"{one.name} {one.sha256}" for one in files).encode()).hexdigest()


def declared(spec: ModelSpec, model: str) -> list[Published]:
    """The published models that a plugin declares with its model, whose full name is `model`."""
    return [
        Published(
            name=one.name,
            model=model,
            summary=one.summary,
            sha256=one.sha256,
            size=one.size,
            license=one.license,
            url=one.url,
        )
        for one in spec.weights
        if one.summary
    ]


def _problem(entry: Mapping[str, Any]) -> str:
    """What is wrong with an entry, or nothing."""
    if unknown := sorted(map(str, entry.keys() - _KNOWN)):
        return f"unknown {', '.join(unknown)}; there are {', '.join(sorted(_KNOWN))}"
    if len({"file", "url", "files"} & entry.keys()) != 1:
        return "give a file, a url or files, one of them"
    needed = _NEEDED if "files" in entry else (*_NEEDED, *_OF_FILE)
    if missing := [key for key in needed if key not in entry]:
        return f"it needs {', '.join(missing)}"
    if wrong := [key for key in _TEXTS if not isinstance(entry.get(key, ""), str)]:
        return f"{wrong[0]} is no text"
    if not entry["license"].strip():
        return "license: write the SPDX id of the licence"
    if not _are_scores(entry.get("scores", {})):
        return "scores: write for each metric a value and the two ends of its interval: [31.2, 28.0, 34.1]"
    if "files" in entry:
        return _problem_of_files(entry)
    if "file" in entry and not (isinstance(entry["file"], str) and _FILE.fullmatch(entry["file"])):
        return f"file {entry['file']!r}: write the name of a .safetensors file, without folders"
    return _problem_of_file(entry)


def _problem_of_files(entry: Mapping[str, Any]) -> str:
    files = entry["files"]
    if both := [key for key in _OF_FILE if key in entry]:
        return f"{both[0]}: each of several files has its own"
    if not (isinstance(files, list) and 0 < len(files) <= _MOST_FILES):
        return f"files: write a list of up to {_MOST_FILES} files, each with url, sha256 and size"
    for number, one in enumerate(files, 1):
        if not (isinstance(one, Mapping) and one.keys() == {"url", *_OF_FILE}):
            return f"file {number}: it needs url, sha256 and size, and nothing else"
        if not _name_at(one["url"]):
            return f"file {number}: url {one['url']!r}: write https://…/FILE with an ending of {', '.join(_ENDINGS)}"
        if problem := _problem_of_file(one):
            return f"file {number}: {problem}"
    names = [_name_at(one["url"]) for one in files]
    return "files: two have the same name" if len({*names}) < len(names) else ""


def _problem_of_file(entry: Mapping[str, Any]) -> str:
    if not (isinstance(entry["sha256"], str) and _SHA256.fullmatch(entry["sha256"])):
        return "sha256: write 64 digits of 0-9 and a-f"
    size = entry["size"]
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= _MOST_BYTES:
        return "size: write the number of bytes"
    return ""


def _are_scores(scores: object) -> bool:
    return isinstance(scores, Mapping) and all(
        isinstance(metric, str) and isinstance(values, list) and len(values) == 3 and all(map(is_number, values))
        for metric, values in scores.items()
    )


def is_number(value: object) -> bool:
    """Whether it is a finite number that fits a float."""
    try:
        return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
