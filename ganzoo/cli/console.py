"""All output of the command line: tables, facts and errors, for people or as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 200
"""Columns off a terminal, where nothing has to fit a window."""


console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = _WIDE
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    NAMES = "names"


def say(text: str) -> None:
    """One line, printed as it is: markup and control characters in it have no effect."""
    console.print(plain(text))


def write(text: str) -> None:
    """Text for programs, as it is."""
    console.file.write(text)
    console.file.flush()


def complain(text: str) -> None:
    """One line on the error stream."""
    errors.print(plain(text))


def plain(value: object) -> Text:
    """Text from anywhere (names of files and plugins, messages) that can't steer the terminal."""
    return Text(harmless(str(value)))


def harmless(text: str) -> str:
    """The text with every character that a terminal would obey replaced by a visible one."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def rows_as(
    form: Format,
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[str],
    name: str = "name",
    *,
    folding: Sequence[str] = (),
) -> None:
    """Prints rows in that form; the table has `columns` only and is folded as by `table`, the others have every key."""
    if form is Format.JSON:
        write(as_json(list(rows)) + "\n")
    elif form is Format.YAML:
        import yaml

        write(yaml.safe_dump(json.loads(json.dumps(list(rows), default=str)), sort_keys=False))
    elif form is Format.NAMES:
        write("".join(f"{harmless(' '.join(str(row[name]).split()))}\n" for row in rows))
    else:
        table(rows, columns, folding=folding)


def as_json(value: object) -> str:
    """Letters as they are; what a terminal would obey, or the output's encoding lacks, is escaped as JSON does."""
    text = json.dumps(value, indent=1, default=str, ensure_ascii=not console.encoding.startswith("utf"))
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def table(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str], title: str = "", folding: Sequence[str] = ()
) -> None:
    """Prints a table of those columns; off a terminal it is as wide as its content.

    A column that has one value in all of several rows is said above the table, an empty one not at all. In a window
    that is too narrow the columns `folding` continue in the next line, or every column if none is named.
    """
    rows = list(rows)
    columns, common = _without_common(rows, columns)
    if common:
        say(f"{title or 'all'}: {', '.join(common)}")
        title = ""
    grid = Table(
        box=box.SIMPLE_HEAD,
        title=plain(title) if title else None,
        title_justify="left",
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        firm = bool(folding) and column not in folding
        grid.add_column(plain(column.replace("_", " ")), overflow="fold", no_wrap=firm)
    for row in rows:
        grid.add_row(*(_cell(row.get(column, "")) for column in columns))
    console.print(grid, soft_wrap=False)


def _without_common(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns whose values differ, and those that all rows share in words; the first one always stays."""
    shared = {column: {str(row.get(column, "")) for row in rows} for column in columns[1:]}
    same = {column: values.pop() for column, values in shared.items() if len(rows) > 1 and len(values) == 1}
    said = (f"{column.replace('_', ' ')} {value}" for column, value in same.items() if value)
    return tuple(column for column in columns if column not in same), tuple(said)


def _cell(value: object) -> Text:
    text = plain(value)
    if str(value) in _COLOURS:
        text.stylize(_COLOURS[str(value)])
    return text


_COLOURS = {
    "ok": "green",
    "broken": "red",
    "misspelt": "red",
    "incompatible": "yellow",
    "clash": "yellow",
    "malformed": "yellow",
    "blocked": "dim",
}
