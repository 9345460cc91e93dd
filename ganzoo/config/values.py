"""Reads and checks single values that users write; what is wrong becomes one line."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ganzoo.errors import UsageError
from ganzoo.options import PartChoice

M = TypeVar("M", bound=BaseModel)
_KEY = re.compile(r"\w[\w./:-]*")
"""Options, and options of parts by name: "lr", "loss.margin", "my-term.weight", "my-package:plugin/my-term.weight"."""
_SHOWN = 200
"""Letters of a wrong value in a message."""
_WANTED = {
    "greater_than": "give a number above {gt:.12g}",
    "greater_than_equal": "give at least {ge:.12g}",
    "less_than": "give a number below {lt:.12g}",
    "less_than_equal": "give at most {le:.12g}",
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
    "int_type": "give a whole number",
    "float_parsing": "give a number",
    "float_type": "give a number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "literal_error": "choose {expected}",
    "string_type": "give a text: in a file, write it in quotes",
}
"""What to give instead, by pydantic's kind of mistake. Kinds of a plugin's own fields keep pydantic's words."""


def checked(
    kind: type[M], values: Mapping[str, Any], prefix: str = "", where: Callable[[str], str] = lambda _: ""
) -> M:
    """The options with these values.

    Raises UsageError that names every wrong one, its key behind the prefix, and `where` that key was given.
    """
    try:
        return kind(**{key: _chosen(value, kind.model_fields.get(key)) for key, value in values.items()})
    except ValidationError as error:
        raise UsageError(_explain(error, prefix, where)) from None


def _chosen(value: object, field: FieldInfo | None) -> object:
    """The number among a field's choices that a text stands for, since pydantic takes no text for one."""
    choices = get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
    return next((one for one in choices if isinstance(value, str) and str(one) == value), value)


def _explain(error: ValidationError, prefix: str, where: Callable[[str], str]) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        key = f"{prefix}{'.'.join(map(str, problem['loc']))}"
        wanted = _WANTED.get(problem["type"], "").format(**problem.get("ctx", {})) or problem["msg"]
        lines.append(f"{key}={_shown(problem['input'])}{where(key)}: {wanted}")
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
    if value is None or isinstance(value, bool | list):
        named = "null" if value is None else _shown(value)
        raise UsageError(f'{named} is no name: write a text (in YAML in quotes, as in data: "no")')
    return str(value), {}


def parse_assignments(texts: Iterable[str]) -> dict[str, object]:
    """Reads `key=value` texts of `--set`; raises UsageError when one has no '=', and for a key that is given twice."""
    values: dict[str, object] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not _KEY.fullmatch(key.strip()):
            raise UsageError(f"--set {text!r}: write key=value, such as --set lr=1e-4")
        if (key := key.strip()) in values:
            raise UsageError(f"--set {key} is given twice: keep one")
        values[key] = value.strip()
    return values
