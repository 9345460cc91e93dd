"""What a terminal shows of names and messages from elsewhere: text, whatever is in it. Row 35 of the list of faults."""

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from ganzoo.cli import console, explain, run_command
from ganzoo.cli.console import Format, rows_as
from ganzoo.errors import StorageError, UsageError

HOSTILE = (
    "\x1b[31mred\x1b]8;;http://x\x07[link=http://x][bold]<script>alert(1)</script>\r\x9b2J\u202e\ud800 \nganzoo: fine"
)


@pytest.fixture(params=[True, False], ids=["terminal", "file"])
def shown(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    for name in ("console", "errors"):
        shown = Console(file=text, force_terminal=request.param, no_color=True, width=300, soft_wrap=True)
        monkeypatch.setattr(console, name, shown)
    return text


def check(text: str) -> None:
    """Nothing in it steers a terminal, and markup is there as text."""
    assert not [c for c in text if not c.isprintable() and c != "\n"], repr(text)
    assert "[link=http://x][bold]<script>" in text


def test_no_text_steers_the_terminal(shown: io.StringIO) -> None:
    console.say(HOSTILE)
    console.complain(HOSTILE)
    check(shown.getvalue())


def test_tables_show_hostile_cells_columns_and_titles_as_text(shown: io.StringIO) -> None:
    console.table([{"name": HOSTILE, HOSTILE: HOSTILE}], ["name", HOSTILE], title=HOSTILE)
    text = shown.getvalue()
    for style in ("\x1b[0m", "\x1b[1m", "\x1b[3m"):  # rich's own, of headings
        text = text.replace(style, "")
    check(text)


@pytest.mark.parametrize("kind", [UsageError, StorageError, ValueError, KeyError])
def test_an_error_is_one_line_whatever_it_says(shown: io.StringIO, kind: type[Exception]) -> None:
    explain(kind(HOSTILE))
    if kind is not KeyError:  # which shows its text as Python writes it
        check(shown.getvalue())
    assert len(shown.getvalue().splitlines()) == 1 and "\x1b[31m" not in shown.getvalue()


@pytest.mark.parametrize("form", [Format.JSON, Format.NAMES, Format.YAML])
def test_other_formats_hold_nothing_that_a_terminal_obeys(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8", newline="\n"))
    rows_as(form, [{"name": HOSTILE}, {"name": "caf\u00e9"}], ())
    sys.stdout.flush()
    text = raw.getvalue().decode()
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    if form is Format.JSON:
        assert json.loads(text)[0]["name"] == HOSTILE and "caf\u00e9" in text
    if form is Format.NAMES:
        assert len(text.splitlines()) == 2


@pytest.mark.parametrize("arguments", [["run", HOSTILE], ["run", "dcgan", "--set", f"lr={HOSTILE}"], [HOSTILE]])
def test_arguments_are_echoed_as_text(shown: io.StringIO, arguments: list[str]) -> None:
    assert run_command(arguments) == 2
    assert "\x1b[31m" not in shown.getvalue() and len(shown.getvalue().splitlines()) == 1


def test_names_of_files_are_shown_as_text(shown: io.StringIO, tmp_path: Path) -> None:
    folder = tmp_path / HOSTILE.replace("/", "-").replace("\ud800", "")
    folder.mkdir()
    for name in ("\x1b[31m.jpg", "[link=x].jpg"):
        (folder / name).write_bytes(b"no picture")
    assert run_command(["run", "dcgan", "--tiny", "--data", str(folder), "--out", str(tmp_path / "run")]) == 3
    assert run_command(["sample", str(folder)]) == 2
    assert "\x1b[31m" not in shown.getvalue() and "[link=x].jpg" in shown.getvalue()
