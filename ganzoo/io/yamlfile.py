"""Reads YAML that others may have written: plain types only, with limits on size, depth and numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ganzoo.errors import UsageError, one_line

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NUMBER = 100
"""Characters of a number. YAML also reads sexagesimal numbers (1:30:00), which take quadratic time in their length."""
# The C parser is ten times as fast, which shows in `ganzoo list`; not every platform has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises UsageError when it can't be read, is not a mapping or exceeds a limit."""
    try:
        with path.open("rb") as file:  # may be a pipe: --config <(…)
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UsageError(f"{path}: more than {MAX_BYTES} bytes, at most {MAX_BYTES} are read")
        _check_events(path, data)
        content = yaml.load(data, Loader=_LOADER)  # a safe loader: no Python objects
    except (OSError, ValueError, ArithmeticError, yaml.YAMLError) as error:  # such as a date out of range
        raise UsageError(f"{path}: {one_line(error)}") from None
    if content is None:
        return {}
    if not isinstance(content, Mapping) or not all(isinstance(key, str) for key in content):
        raise UsageError(f"{path}: write a mapping of names to values")
    return dict(content)


def _check_events(path: Path, data: bytes) -> None:
    """Raises UsageError for aliases, with which a few bytes become gigabytes, tags, deep nesting and long numbers."""
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise UsageError(f"{path}: aliases (*{event.anchor}) are not read")
        if tag := getattr(event, "tag", None):
            raise UsageError(f"{path}: tags ({tag}) are not read")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _is_long_number(event.value):
            raise UsageError(f"{path}: a number of {len(event.value)} characters, at most {MAX_NUMBER} are read")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise UsageError(f"{path}: nested deeper than {MAX_DEPTH} levels")


def _is_long_number(text: str) -> bool:
    return len(text) > MAX_NUMBER and text[0] in "+-.0123456789"
