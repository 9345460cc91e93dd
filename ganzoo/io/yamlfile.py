"""Reads YAML that others may have written: plain types only, with limits on size, depth and numbers."""

from collections.abc import Container
from dataclasses import dataclass, field
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
_NULL = "tag:yaml.org,2002:null"


@dataclass(kw_only=True)
class Options:
    """Options from a file, and the line of each: {"loss": {"weight": 3}} has lines for "loss" and "loss.weight"."""

    values: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)


def read_yaml(path: Path, as_written: Container[str] = ()) -> dict[str, Any]:
    """The mapping in a YAML file. Raises UsageError when it can't be read, is not a mapping or exceeds a limit.

    What stands below the keys `as_written` is read as `read_options` reads it.
    """
    loader, node = _node(path)
    if node is None:
        return {}
    return {key: _value(path, one, None if key in as_written else loader) for key, _, one in _pairs(path, node)}


def read_options(path: Path) -> Options:
    """The options in a YAML file, as they are written: what they mean depends on the option, not on YAML.

    YAML takes the name `no` for false, 007 for 7, 010 for 8 and 12:30 for 750. Here they are texts, and the option
    makes of them what `--set` would. Only null stays null. Raises UsageError as `read_yaml` does.
    """
    _, node = _node(path)
    found = Options(values={})
    for key, line, one in _pairs(path, node) if node is not None else ():
        found.values[key] = _value(path, one, None)
        found.lines[key] = line
        if isinstance(one, yaml.MappingNode):
            found.lines.update({f"{key}.{inner}": line for inner, line, _ in _pairs(path, one)})
    return found


def _node(path: Path) -> tuple[Any, yaml.Node | None]:
    """The loader of the file, and the node at its top; None when the file is empty."""
    try:
        with path.open("rb") as file:  # may be a pipe: --config <(…)
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UsageError(f"{path}: more than {MAX_BYTES} bytes, at most {MAX_BYTES} are read")
        _check_events(path, data)
        loader = _LOADER(data)
        return loader, loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise UsageError(f"{path}: {_explained(error, data)}") from None
    except yaml.reader.ReaderError as error:
        number = data.count(b"\n", 0, error.position) + 1
        problem = "a character that YAML does not allow, or no UTF-8 text: save the file as UTF-8"
        raise UsageError(f"{path}: line {number}: {problem}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: {one_line(error)}") from None


def _explained(error: yaml.MarkedYAMLError, data: bytes) -> str:
    mark: Any = error.problem_mark or error.context_mark
    number = mark.line if mark else 0
    line = data.split(b"\n")[number : number + 1]
    tab = ". Indent with spaces instead of tabs" if line and b"\t" in line[0] else ""
    problem = " ".join((error.problem or "this is no YAML").split())
    if problem == "but found another document":
        problem = "a second document begins here (---): one is read, so keep one"
    return f"line {number + 1}: {problem}{tab}"


def _check_events(path: Path, data: bytes) -> None:
    """Raises UsageError for aliases, with which a few bytes become gigabytes, tags, deep nesting and long numbers."""
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise UsageError(f"{path}: {_line(event)}: aliases (*{event.anchor}) are not read")
        if tag := getattr(event, "tag", None):
            raise UsageError(f"{path}: {_line(event)}: tags ({tag}) are not read")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _is_long_number(event.value):
            raise UsageError(
                f"{path}: {_line(event)}: a number of {len(event.value)} characters, at most {MAX_NUMBER} are read"
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise UsageError(f"{path}: {_line(event)}: nested deeper than {MAX_DEPTH} levels")


def _line(place: Any) -> str:
    """The line of an event or a node."""
    return f"line {place.start_mark.line + 1}"


def _is_long_number(text: str) -> bool:
    return len(text) > MAX_NUMBER and text[0] in "+-.0123456789"


def _pairs(path: Path, node: yaml.Node) -> list[tuple[str, int, yaml.Node]]:
    """Keys, their lines and their values. Raises UsageError for a key that is given twice or is no name."""
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{path}: {_line(node)}: write a mapping of names to values, such as lr: 0.001")
    lines: dict[str, int] = {}
    found = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise UsageError(f"{path}: {_line(key)}: write a mapping of names to values, with a text as each name")
        line = key.start_mark.line + 1
        if key.value in lines:
            first = lines[key.value]
            raise UsageError(f"{path}: line {line}: '{key.value}' is given twice, in line {first} too: keep one")
        lines[key.value] = line
        found.append((key.value, line, value))
    return found


def _value(path: Path, node: yaml.Node, loader: Any) -> Any:
    """The value of a node: of YAML's types with a loader, else as it is written."""
    if isinstance(node, yaml.MappingNode):
        return {key: _value(path, one, loader) for key, _, one in _pairs(path, node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(path, one, loader) for one in node.value]
    assert isinstance(node, yaml.ScalarNode)
    if loader is None:
        return None if node.tag == _NULL else _as_written(node)
    try:
        return loader.construct_object(node)
    except (ValueError, ArithmeticError, yaml.YAMLError) as error:  # such as a date out of range
        raise UsageError(f"{path}: {_line(node)}: {one_line(error)}") from None


def _as_written(node: yaml.ScalarNode) -> str | int:
    """The text; a number where it is written as Python writes it, since some options take numbers only."""
    text: str = node.value
    is_number = node.tag.endswith(":int") and text.isdecimal() and text.isascii() and str(int(text)) == text
    return int(text) if is_number else text
