"""Published models: what registry.yaml says of each in its section `weights`, checked without torch."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganzoo.errors import UsageError
from ganzoo.specs import ModelSpec, Weights

SECTION = "weights"
FILES = "ganzoo_plugins/published"
"""Where the files of the shipped registry are, below the folder of the packages."""
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\.safetensors")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEEDED = ("model", "summary", "sha256", "license")
_TEXTS = (*_NEEDED, "trained_on", "command", "picture", "file", "url")
_KNOWN = frozenset((*_TEXTS, "size", "scores"))


@dataclass(frozen=True, kw_only=True)
class Published:
    """A trained model with a name: one safetensors file, which comes with a package or from an https address.

    Exactly one of `file` and `url` is set. `scores` maps metrics to a value and the ends of its 95 % interval.
    """

    name: str
    model: str
    summary: str
    sha256: str
    size: int
    license: str
    file: Path | None = None
    url: str = ""
    trained_on: str = ""
    command: str = ""
    picture: str = ""
    scores: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def weights(self) -> Weights:
        """What to fetch. Raises ValueError for an address that is none."""
        return Weights(name=self.name, url=self.url, sha256=self.sha256, size=self.size, license=self.license)


def shipped_files() -> Path:
    """The folder with the files of this installation's registry: beside the package, or in a checkout."""
    above = Path(__file__).parents[2]
    places = (above / FILES, above / "plugins" / FILES)
    return next((place for place in places if place.parent.is_dir()), places[0])


def published_model(registry: Path, name: str, entry: object, folder: Path) -> Published:
    """The checked entry of that registry, whose files lie in `folder`. Raises UsageError, which says what is wrong."""
    known: dict[str, Any] = dict(entry) if isinstance(entry, Mapping) else {}
    problem = _problem(known)
    if not problem and "url" in known:
        try:
            Weights(name=name, **{key: known[key] for key in ("url", "sha256", "size", "license")})
        except ValueError as error:
            problem = str(error)
    if problem:
        raise UsageError(f"{registry}: weights '{name}': {problem}")
    file = folder / known.pop("file") if "file" in known else None
    scores = {metric: tuple(map(float, values)) for metric, values in known.pop("scores", {}).items()}
    return Published(name=name, file=file, scores=scores, **known)  # type: ignore[arg-type]  # checked just above


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
    if missing := [key for key in (*_NEEDED, "size") if key not in entry]:
        return f"it needs {', '.join(missing)}"
    if unknown := sorted(map(str, entry.keys() - _KNOWN)):
        return f"unknown {', '.join(unknown)}; there are {', '.join(sorted(_KNOWN))}"
    if wrong := [key for key in _TEXTS if not isinstance(entry.get(key, ""), str)]:
        return f"{wrong[0]} is no text"
    if ("file" in entry) == ("url" in entry):
        return "give a file or a url, one of them"
    if "file" in entry and not _FILE.fullmatch(entry["file"]):
        return f"file '{entry['file']}': write the name of a .safetensors file, without folders"
    if not _SHA256.fullmatch(entry["sha256"]):
        return "sha256: write 64 digits of 0-9 and a-f"
    if not entry["license"].strip():
        return "license: write the SPDX id of the licence"
    if isinstance(entry["size"], bool) or not isinstance(entry["size"], int) or entry["size"] <= 0:
        return "size: write the number of bytes"
    if not _are_scores(entry.get("scores", {})):
        return "scores: write for each metric a value and the two ends of its interval: [31.2, 28.0, 34.1]"
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
