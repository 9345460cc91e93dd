"""Paths as users write them: ~ is the home folder where no shell has replaced it, and a name of two things is said."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from ganzoo import api
from ganzoo.cli import run_command
from ganzoo.cli.app import app
from ganzoo.cli.paths import UserPath
from ganzoo.errors import UsageError
from ganzoo.io.files import cache_folder
from ganzoo.io.names import unusable


def commands(group: click.Command, name: str = "ganzoo") -> Iterator[tuple[str, click.Command]]:
    yield name, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for inner in group.list_commands(context):
            command = group.get_command(context, inner)
            assert command is not None
            yield from commands(command, f"{name} {inner}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


def pictures(folder: Path) -> None:
    folder.mkdir()
    for number in range(8):
        Image.new("RGB", (20, 20), (30 * number, 0, 0)).save(folder / f"{number}.png")


def test_every_path_of_every_command_may_begin_at_the_home_folder() -> None:
    paths = [
        (name, one.name, one.type)
        for name, command in commands(app)
        for one in command.params
        if isinstance(one.type, click.Path | click.File)
    ]
    assert len(paths) > 20
    assert [(name, one) for name, one, kind in paths if not isinstance(kind, UserPath)] == []


def test_a_run_is_written_to_and_read_from_the_home_folder(home: Path) -> None:
    pictures(home / "photos")
    (home / "own.yaml").write_text("keep: 2")
    options = ["--tiny", "--budget=2steps", "--config=~/own.yaml", "--set", "data=folder", "--set=data.path=~/photos"]
    assert run_command(["run", "dcgan", *options, "--out=~/run"]) == 0
    assert run_command(["sample", "~/run", "-n", "2", "--out=~/grid.png"]) == 0
    assert run_command(["run", "--resume=~/run", "--budget", "3steps"]) == 0
    assert api.resume("~/run", budget="4steps").progress.steps == 4
    assert api.run("dcgan", tiny=True, budget="1steps", data="~/photos", out="~/other").folder == home / "other"
    assert (home / "grid.png").is_file() and not list(Path().iterdir())


@pytest.mark.parametrize("name", ["~nobody-of-this-name/run", "~nobody-of-this-name"])
def test_a_home_folder_that_is_not_known_makes_no_folder(
    home: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run_command(["run", "dcgan", "--tiny", "--budget=1steps", f"--out={name}"]) == 2
    assert "no home folder is known for '~nobody-of-this-name'" in capsys.readouterr().err
    with pytest.raises(UsageError, match="no home folder is known"):
        api.run("dcgan", tiny=True, budget="1steps", out=name)
    assert not list(Path().iterdir())
    Path("~nobody-of-this-name").mkdir()
    assert not unusable(name)


def test_the_cache_may_lie_in_the_home_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANZOO_CACHE", "~/cache")
    assert cache_folder() == home / "cache"


def test_a_folder_beside_the_data_set_of_its_name_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "'scenes' is the data set of that name, not the folder 'scenes': for the folder write ./scenes"
    pictures(Path("scenes"))

    def said(*arguments: str) -> str:
        run_command(list(arguments))
        return "".join(capsys.readouterr())

    tiny = ("--tiny", "--budget", "1steps")
    assert words in said("run", "dcgan", *tiny, "--data", "scenes", "--out", "r")
    assert words not in said("run", "--resume", "r", "--budget", "2steps")
    assert words not in said("run", "dcgan", *tiny, "--data", "./scenes", "--size", "0")
    # Each of these is refused, after it was said.
    assert words in said("data", "inspect", "scenes", "--model", "none")
    assert words in said("data", "preview", "scenes", "--augment", "none")
    assert words in said("evaluate", "r", "--data", "scenes", "-n", "50")
    assert words in said("compare", "none", "--set", "data=scenes")
