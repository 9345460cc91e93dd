"""Every command, given a path that no file can have: one line, before anything is done."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

import ganzoo
from ganzoo.cli import run_command
from ganzoo.cli.app import app
from ganzoo.cli.paths import PathOrName, UserPath
from ganzoo.errors import GanzooError

CONTEXT = click.Context(app)


def commands(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    yield names, group
    for name in group.list_commands(CONTEXT):
        command = group.get_command(CONTEXT, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*names, name))
        elif command is not None:
            yield (*names, name), command


PARAMETERS = [
    (names, command, parameter)
    for names, command in commands(app)
    for parameter in command.params
    if isinstance(parameter.type, UserPath | PathOrName | click.Path | click.types.StringParamType)
]


def called(names: tuple[str, ...], command: click.Command, parameter: click.Parameter, value: str) -> list[str]:
    """The command's words with that value, and with `x` for whatever else it needs."""
    words = [*names]
    for other in command.params:
        given = value if other is parameter else "x"
        if isinstance(other, click.Argument) and (other.required or other is parameter):
            words.append(given)
        elif isinstance(other, click.Option) and (other.required or other is parameter):
            words.append(f"{other.opts[0]}={given}" if other.opts[0].startswith("--") else f"{other.opts[0]}{given}")
    return [*words, "list"] if isinstance(command, click.Group) else words


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    Path("gone").symlink_to("nowhere")
    Path("file").write_text("")
    return tmp_path


def the_line(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    """What the command prints, which must be one line that blames the user and not ganzoo."""
    code = run_command(words)
    out, err = capsys.readouterr()
    assert code in (2, 3, 6), (words, code, out, err)
    assert len(err.splitlines()) == 1 and "--debug" not in err, (words, err)
    return err


@pytest.mark.parametrize(
    ("names", "command", "parameter"),
    PARAMETERS,
    ids=["-".join((*names, parameter.name or "")) for names, _, parameter in PARAMETERS],
)
def test_a_name_that_no_file_can_have_is_one_line(
    names: tuple[str, ...], command: click.Command, parameter: click.Parameter, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = ["a\0b", "n" * 300, "new/" + "n" * 300, "d/" * 3000, "\ud800"]
    if type(parameter.type) is not click.types.StringParamType:
        odd += ["", "loop", "gone", "file/x"]
    if not getattr(parameter.type, "any_bytes", False):
        odd += ["r\udcff"]
    for value in odd:
        the_line(capsys, called(names, command, parameter, value))


def test_every_path_is_of_the_type_that_refuses() -> None:
    assert [parameter for _, _, parameter in PARAMETERS if type(parameter.type) is click.Path] == []


@pytest.mark.parametrize("odd", ["a\0b", "n" * 300, "loop", "r\udcff", "file/x", "file"])
def test_the_functions_of_python_say_the_same(odd: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ganzoo.run("dcgan", tiny=True, out=odd),
        lambda: ganzoo.run("dcgan", tiny=True, data=odd),
        lambda: ganzoo.run("dcgan", tiny=True, options={"data": "folder", "data.path": odd}),
        lambda: ganzoo.resume(odd),
        lambda: ganzoo.load(odd),
        lambda: ganzoo.reproduce(odd),
        lambda: ganzoo.compare([odd], tiny=True),
        lambda: ganzoo.compare(["dcgan"], tiny=True, out=odd),
    ]
    for call in calls:
        with pytest.raises(GanzooError):
            call()
