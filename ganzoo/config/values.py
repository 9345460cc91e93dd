"""Reads and checks single values that users write; what is wrong becomes one line."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ganzoo.errors import UsageError
from ganzoo.options import PartChoice

M = TypeVar("M", bound=BaseModel)
_SHOWN = 200
"""Letters of a wrong value in a message."""


def checked(kind: type[M], values: Mapping[str, Any], prefix: str = "") -> M:
    """The options with these values. Raises UsageError that names every wrong one, its key behind the prefix."""
    try:
        return kind(**values)
    except ValidationError as error:
        raise UsageError(_explain(error, prefix)) from None


def _explain(error: ValidationError, prefix: str) -> str:
    lines = (
        f"{prefix}{'.'.join(map(str, problem['loc']))}={_shown(problem['input'])}: {problem['msg']}"
        for problem in error.errors(include_url=False)
    )
    return "; ".join(lines).replace("Value error, ", "")


def _shown(value: object) -> str:
    """A value as it may stand in a message: Python does not write out numbers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "a number too long to show"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def read_choice(value: object) -> tuple[str, Mapping[str, object]]:
    """The name of a part and its options, from "wgan-gp" or {"name": "wgan-gp", "weight": 5}. Raises UsageError."""
    if isinstance(value, PartChoice):
        return value.name, value.options
    if isinstance(value, Mapping):
        if not isinstance(value.get("name"), str):
            raise UsageError(f"{_shown(value)}: a part written as a mapping needs its 'name'")
        if not all(isinstance(key, str) for key in value):
            raise UsageError(f"{_shown(value)}: the options of a part have names")
        return value["name"], {k: v for k, v in value.items() if k != "name"}
    return str(value), {}


def parse_assignments(texts: Iterable[str]) -> dict[str, object]:
    """Reads `key=value` texts of `--set`; raises UsageError when one has no '='."""
    values: dict[str, object] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key.strip().replace(".", "").replace("_", "").isalnum():
            raise UsageError(f"--set {text!r}: write key=value, such as --set lr=1e-4")
        values[key.strip()] = value.strip()
    return values
