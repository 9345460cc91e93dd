"""The command line: a mistake is one line on stderr and the right exit code, and what only looks stays light."""

import json
import re
from pathlib import Path

import click
import pytest
import yaml

from ganzoo.cli import app, console, run_command
from ganzoo.cli.app import Context
from ganzoo.config.resolve import configure_run
from ganzoo.config.settings import RunSettings
from ganzoo.options import describe_type

MISTAKES = {
    "unknown option": ("run dcgan --set lrr=1", 2, "unknown option 'lrr' for dcgan (set). Did you mean 'lr'?"),
    "unknown option of a part": ("run dcgan --set loss.weight=1", 2, "unknown option 'loss.weight'"),
    "value out of bounds": ("run dcgan --set lr=7", 2, "lr='7': give at most 1"),
    "value below the bound": ("run dcgan --set score_images=3", 2, "score_images='3': give at least 50"),
    "value at an open bound": ("run dcgan --set held_out=1", 2, "held_out='1': give a number below 1"),
    "no number": ("run dcgan --set lr=fast", 2, "lr='fast': give a number"),
    "no whole number": ("run dcgan --set batch=1.5", 2, "batch='1.5': give a whole number"),
    "no switch": ("run dcgan --set compile=perhaps", 2, "compile='perhaps': write true or false"),
    "none of the choices": ("run dcgan --precision fp16", 2, "precision='fp16': choose 'auto', 'fp32' or 'bf16'"),
    "assignment without value": ("run dcgan --set lr", 2, "write key=value"),
    "unknown part": ("run dcgan --set loss=wgam", 2, "Did you mean 'wgan'?"),
    "unknown model": ("run dcgam", 2, "Did you mean 'dcgan'?"),
    "unknown model to show": ("show dcgam", 2, "Did you mean 'dcgan'?"),
    "missing folder": ("run dcgan --data nowhere", 3, "no folder 'nowhere'"),
    "file as folder": ("run dcgan --data photo.png", 3, "'photo.png' is a file"),
    "two folders": ("run dcgan --data a --data b", 2, "--data is given 2 times, and one is read"),
    "two folders of paintings": ("evaluate run --style a --style b", 2, "--style is given 2 times"),
    "an option twice": ("run dcgan --set lr=1 --set lr=2", 2, "--set lr is given twice"),
    "bad budget": ("run dcgan --budget 10", 2, "budget='10': write a positive amount"),
    "bad interval": ("run dcgan --sample-every often", 2, "sample_every='often': "),
    "bad size": ("run dcgan --size big", 2, "size='big': "),
    "bad batch": ("run dcgan --batch 0", 2, "batch=0: "),
    "bad number": ("run dcgan --batch many", 2, "'--batch'"),
    "bad device": ("run dcgan --device gpu", 2, "device='gpu': "),
    "missing configuration": ("run dcgan --config no.yaml", 2, "no.yaml: "),
    "damaged configuration": ("run dcgan --config photo.png", 2, "photo.png: "),
    "resume with tiny": ("run --resume empty --tiny", 2, "no --config, --tiny, --out, --overwrite or --continue"),
    "resume of no run": ("run --resume empty", 2, "'empty' is not a run folder"),
    "no model named": ("run", 2, "say which model"),
    "nothing to show": ("show", 2, "Missing argument"),
    "unknown kind of parts": ("show --parts losses", 2, "The kinds are generator, discriminator, loss"),
    "unknown flag": ("run dcgan --nonsense", 2, "--nonsense"),
    "option as a flag": ("run dcgan --lr 3", 2, "'lr' is an option of dcgan, so write --set lr=3"),
    "option as a flag with =": ("run --tiny wgan --loss.clip=-1", 2, "so write --set loss.clip=-1"),
    "setting as a flag of a preset": ("run dcgan-laptop --max-bad", 2, "so write --set max_bad=VALUE"),
    "option as a flag to compare": ("compare nothing wgan-gp --critic-steps 2", 2, "so write --set critic_steps=2"),
    "option as a flag of no model": ("run --lr 3", 2, "'--lr'"),
    "unknown command": ("trian", 2, "'trian'"),
    "unknown task": ("list --task nonsense", 2, "nonsense"),
    "unknown format": ("list --format xml", 2, "'xml'"),
    "missing registry": ("--registry no.yaml list", 2, "'no.yaml' does not exist"),
    "damaged registry": ("--registry photo.png list", 2, "photo.png"),
}
FORMATS = ("json", "yaml", "names")
LOOKS = [
    "list",
    "list --task generate",
    *(f"{command} --format {form}" for command in ("list", "plugins", "show wgan") for form in FORMATS),
    "plugins",
    "show dcgan",
    "show --parts",
    "show dcgan-laptop",
    "--help",
]
GUARD = """
import contextlib, importlib.abc, io, json, sys

class Guard(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "timm", "kornia", "numpy"):
            asked.append(name)
            raise ImportError(f"{name} is heavy")

sys.meta_path.insert(0, Guard())
asked = []
from ganzoo.cli import run_command
imported_first = list(asked)
report = {}
for line in json.loads(sys.argv[1]):
    asked = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = run_command(line.split())
    report[line] = [code, imported_first + asked]
print(json.dumps(report))
"""


def subcommands(command, path=()):
    """Every command below as the words that call it."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from subcommands(command.get_command(context, name), (*path, name))


COMMANDS = [" ".join(path) for path in subcommands(app)]


def furnish(folder: Path) -> Path:
    (folder / "empty").mkdir()
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n")
    return folder


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """A working folder with an empty folder and a file in it, where nothing may appear."""
    monkeypatch.chdir(furnish(tmp_path))
    yield tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "photo.png"]


@pytest.fixture(scope="module")
def guarded(python_command, tmp_path_factory):
    """Exit code and heavy imports asked for, by command, in one process in which heavy imports fail."""
    lines = [*LOOKS, *(line for line, _, _ in MISTAKES.values()), *(f"{command} --help" for command in COMMANDS)]
    folder = furnish(tmp_path_factory.mktemp("guarded"))
    process = python_command("-c", GUARD, json.dumps([*lines, "run dcgan --tiny"]), cwd=folder)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def read(capsys, line: str) -> str:
    """What the command prints on stdout; it must succeed and leave stderr empty."""
    code = run_command(line.split())
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


@pytest.mark.parametrize(("line", "code", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_an_exit_code(capsys, line, code, words):
    assert run_command(line.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ganzoo: ")
    assert words in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("line", ["run dcgan --data empty --tiny", "run dcgan --set lrr=1", "run qqq"])
def test_a_mistake_is_one_line_in_a_process_of_its_own(ganzoo_command, workplace, line):
    process = ganzoo_command(*line.split(), cwd=workplace)
    assert process.returncode == (3 if "empty" in line else 2)
    assert process.stdout == ""
    assert len(process.stderr.splitlines()) == 1


def test_an_empty_folder_is_named_with_the_endings_looked_for(capsys):
    assert run_command(["run", "dcgan", "--data", "empty", "--tiny"]) == 3
    err = capsys.readouterr().err
    assert "no images in '" in err
    assert ".png" in err
    assert len(err.splitlines()) == 1


def test_debug_shows_the_traceback(ganzoo_command, workplace):
    process = ganzoo_command("run", "dcgan", "--set", "lrr=1", "--debug", cwd=workplace)
    assert process.returncode != 0
    assert "Traceback" in process.stderr


@pytest.mark.parametrize("command", ["list", "plugins"])
def test_json_yaml_and_names_say_the_same(capsys, command):
    def said(kind: str) -> str:  # how long an import took is another number each time
        return re.sub(r"takes [\d.]+ s to import", "", read(capsys, f"--no-plugins {command} --format {kind}"))

    rows = json.loads(said("json"))
    assert {"dcgan", "wgan-gp"} <= {row["name"] for row in rows}
    assert yaml.safe_load(said("yaml")) == rows
    assert read(capsys, f"--no-plugins {command} --format names").split() == [row["name"] for row in rows]


def test_the_list_has_models_and_presets(capsys):
    rows = {row["name"]: row for row in json.loads(read(capsys, "--no-plugins list --format json"))}
    assert (rows["lsgan"]["kind"], rows["lsgan"]["task"], rows["lsgan"]["status"]) == ("model", "generate", "ok")
    assert (rows["lsgan-laptop"]["kind"], rows["lsgan-laptop"]["status"]) == ("preset", "ok")


@pytest.mark.parametrize("task", ["generate", "translate"])
def test_the_list_by_task_has_that_task_only(capsys, task):
    rows = json.loads(read(capsys, f"list --task {task} --format json"))
    assert {row["task"] for row in rows} <= {task}
    assert ("dcgan" in [row["name"] for row in rows]) == (task == "generate")


@pytest.mark.parametrize("model", ["dcgan", "lsgan", "wgan", "wgan-gp", "wgan-gp-laptop"])
def test_show_has_every_option_with_value_type_and_meaning(capsys, model):
    [shown] = json.loads(read(capsys, f"show {model} --format json"))
    expected = configure_run(model, Context().catalog()).values()
    assert {row["option"]: row["value"] for row in shown["options"]} == expected
    assert all(row["type"] and row["meaning"] for row in shown["options"])
    table = read(capsys, f"show {model}")
    assert all(f" {key} " in table for key in expected)


def test_show_has_bounds_and_origins(capsys, tmp_path_factory):
    file = tmp_path_factory.mktemp("registry") / "own.yaml"
    file.write_text("schema: 1\npresets: {own: {model: dcgan, summary: s, set: {batch: 3}}}")
    [shown] = json.loads(read(capsys, f"--registry {file} show own --format json"))
    rows = {row["option"]: row for row in shown["options"]}
    assert rows["lr"]["type"] == "float > 0, <= 1"
    assert rows["optimiser"]["type"] == "adam | rmsprop"
    assert (rows["lr"]["origin"], rows["batch"]["origin"]) == ("default", "preset own")


def test_types_are_readable(capsys: pytest.CaptureFixture[str]) -> None:
    catalog = Context(third_party=False).catalog()
    classes = [RunSettings, *(one.spec.options for one in (*catalog.models, *catalog.parts))]
    texts = {describe_type(field) for kind in classes for field in kind.model_fields.values()}
    assert "amount | null" in texts
    assert not [
        text for text in texts if len(text) > 45 or re.search(r"Annotated|FieldInfo|Optional|[a-z]\.[a-z]", text)
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_tables_break_no_word_that_is_typed(capsys: pytest.CaptureFixture[str], monkeypatch, width: int) -> None:
    monkeypatch.setattr(console.console, "width", width)
    for command in ("list", "plugins", "show dcgan", "show --parts"):
        lines = read(capsys, f"--no-plugins {command}").splitlines()
        assert max(map(len, lines)) <= width, command
        [rows] = [json.loads(read(capsys, f"--no-plugins {command} --format json"))]
        names = [row["option"] for row in rows[0]["options"]] if "dcgan" in command else [row["name"] for row in rows]
        firsts = {line.split()[0] for line in lines if line.strip()}
        assert set(names) <= firsts, command


def test_what_all_rows_share_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = read(capsys, "--no-plugins plugins")
    assert out.count("ganzoo-core") == out.count("package") == out.count("status") == 1 and "reason" not in out
    out = read(capsys, "--no-plugins show --parts loss")
    assert out.count("kind loss") == 1 and "non-saturating" in out
    out = read(capsys, "--no-plugins list --task translate")
    assert out.count("task translate") == 3  # of published models, of models and of presets


def test_no_first_sentence_is_cut_off_in_the_overview(ganzoo_command) -> None:
    out = ganzoo_command("--help", COLUMNS="80").stdout
    assert "..." not in out.replace("COMMAND [ARGS]...", "")
    for command in app.list_commands(click.Context(app)):
        found = app.get_command(click.Context(app), command)
        sentence = re.split(r"(?<=[.])\s", (found.help or "").strip())[0]
        assert len(sentence) <= 45 and sentence.endswith(".") and sentence in out, command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(capsys, command):
    out = read(capsys, f"{command} --help")
    assert "Usage:" in out
    assert "--help" in out


@pytest.mark.parametrize("line", [*LOOKS, *(f"{command} --help" for command in COMMANDS)])
def test_looking_imports_nothing_heavy(guarded, line):
    assert guarded[line] == [0, []]


@pytest.mark.parametrize(("line", "code"), [(line, code) for line, code, _ in MISTAKES.values()], ids=MISTAKES)
def test_a_mistake_is_found_before_anything_heavy_is_imported(guarded, line, code):
    assert guarded[line] == [code, []]


def test_the_guard_sees_what_a_training_imports(guarded):
    assert guarded["run dcgan --tiny"][1]
