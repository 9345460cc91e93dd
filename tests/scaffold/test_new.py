"""`ganzoo new`: what it writes installs, passes its own check, trains, and is clean code."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from ganzoo.catalog.lookup import Catalog
from ganzoo.cli import run_command
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.config.values import parse_assignments
from ganzoo.errors import UsageError
from ganzoo.options import AdversarialOptions
from ganzoo.scaffold import KINDS, plan, write
from ganzoo.specs import ModelSpec
from ganzoo.testing.conform import check_name
from tests.installed import importable, pip_install

Command = Callable[..., "subprocess.CompletedProcess[str]"]
NAMES = {
    "sunny-gan": ("model", "generate"),
    "sunny-painter": ("model", "translate"),
    "sunny-net": ("generator", "generate"),
    "sunny-judge": ("discriminator", "generate"),
    "sunny-loss": ("loss", "generate"),
    "sunny-calm": ("regulariser", "generate"),
    "sunny-light": ("augmentation", "generate"),
    "sunny-lines": ("term", "generate"),
    "sunny-hills": ("dataset", "generate"),
    "sunny-eyes": ("encoder", "generate"),
    "sunny-score": ("metric", "generate"),
    "sunny-notes": ("listener", "generate"),
}
LONG = {"sunny-gan", "sunny-painter", "sunny-light", "sunny-calm", "sunny-lines"}
"""Those whose check takes many seconds."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """One package of each kind, written by the command, and the last command that it says to try."""
    base = tmp_path_factory.mktemp("new")
    found = {}
    for name, (kind, task) in NAMES.items():
        folder = base / f"ganzoo-{name}"
        with redirect_stdout(StringIO()) as said:
            assert run_command(["new", name, "--kind", kind, "--task", task, "--out", str(folder)]) == 0
        found[name] = folder, said.getvalue().splitlines()[-1].strip()
    return found


@pytest.fixture(scope="module")
def packages(written: dict[str, tuple[Path, str]]) -> dict[str, Path]:
    """The folders of the packages."""
    return {name: folder for name, (folder, _) in written.items()}


@pytest.fixture(scope="module")
def site(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip has installed them all."""
    return pip_install(tmp_path_factory.mktemp("site"), packages.values())


@pytest.fixture
def installed(site: Path) -> Iterator[None]:
    """The packages, installed in this process."""
    with importable(site):
        yield


def test_a_package_of_every_kind_is_tried_here() -> None:
    assert {kind for kind, _ in NAMES.values()} == set(KINDS)


def test_it_is_a_whole_package(packages: dict[str, Path]) -> None:
    folder = packages["sunny-gan"]
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files >= {
        "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore", ".github/workflows/test.yml",
        "src/ganzoo_sunny_gan/__init__.py", "src/ganzoo_sunny_gan/model.py", "src/ganzoo_sunny_gan/py.typed",
        "tests/test_sunny_gan.py",
    }  # fmt: skip
    assert "${{ matrix.python }}" in (folder / ".github/workflows/test.yml").read_text()
    assert "Apache License" in (folder / "LICENSE").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_clean_code(name: str, packages: dict[str, Path]) -> None:
    for command in (["check"], ["format", "--check", "--diff"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "--target-version", "py311"]
        done = subprocess.run([*ruff, str(packages[name])], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in NAMES]
)
def test_what_is_written_passes_its_own_check(name: str, installed: None, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["check", name, "--format", "json"])
    content = json.loads(capsys.readouterr().out)
    assert content["ok"], [one for one in content["results"] if one["status"] == "failed"]
    assert content["ran"] >= 9


@pytest.mark.parametrize("name", NAMES)
def test_the_command_to_try_next_trains(
    name: str, written: dict[str, tuple[Path, str]], installed: None, tmp_path: Path
) -> None:
    program, *arguments = shlex.split(written[name][1])
    assert program == "ganzoo" and "--tiny" in arguments
    assert run_command([*arguments, "--out", str(tmp_path / "run")]) == 0
    assert list((tmp_path / "run" / "samples").glob("step-0000[12]0.png"))
    assert name in (tmp_path / "run" / "run.json").read_text()
    if name in ("sunny-score", "sunny-eyes"):
        assert name in (tmp_path / "run" / "scores.jsonl").read_text()


@pytest.mark.parametrize("name", ["sunny-lines", "sunny-lines/sunny-lines"])
def test_options_of_a_written_term_are_set_by_its_name(name: str, installed: None) -> None:
    options = parse_assignments([f"extra={name}", f"{name}.weight=2.5"])
    assert configure_run("cut", open_catalog(), options=options).parts[name].options.weight == 2.5  # type: ignore[attr-defined]


def test_written_networks_draw_by_label(installed: None) -> None:
    model = ModelSpec(
        name="sunny-both",
        target="ganzoo.model:AdversarialGAN",
        options=AdversarialOptions,
        defaults={"generator": "sunny-net", "discriminator": "sunny-judge"},
        summary="both",
        license="Apache-2.0",
    )
    wanted = {"label-as-declared", "every-parameter-gets-a-gradient", "builds"}
    report = check_name(model, open_catalog(), only=wanted)
    assert report.ok and {one.status for one in report.results} == {"passed"}, report.results
    assert len(report.results) == len(wanted)


def test_a_written_translator_paints_photos_of_any_size(installed: None, tmp_path: Path) -> None:
    run, photo, out = (tmp_path / name for name in ("run", "photo.png", "out"))
    assert run_command(["run", "sunny-painter", "--tiny", "--budget", "2steps", "--out", str(run)]) == 0
    Image.new("RGB", (50, 37), "green").save(photo)
    assert run_command(["stylize", str(run), str(photo), "--out", str(out), "--device", "cpu"]) == 0
    (painting,) = out.glob("*.png")
    with Image.open(painting) as painted:
        assert painted.size == (50, 37)


def test_it_says_what_to_do_next(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run_command(["new", "cloudy", "--kind", "loss", "--out", str(tmp_path / "cloudy")]) == 0
    said = capsys.readouterr().out
    assert "src/ganzoo_cloudy/loss.py" in said and "ganzoo run dcgan --tiny --set loss=cloudy" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["My_GAN"], "lower-case words joined by '-'"),
        (["class"], "choose another"),
        (["ganzoo-thing"], "choose another"),
        (["x" * 41], "at most 40 long"),
        (["dcgan"], "there is a model of that name"),
        (["least-squares", "--kind", "loss"], "there is a loss of that name"),
        (["lr", "--kind", "term"], "has an option of that name"),
        (["streams", "--kind", "metric"], "a plugin of that name is installed"),
        (["fine", "--kind", "encoder", "--task", "translate"], "--task is of models; an encoder has none"),
        (["fine", "--kind", "network"], "not one of"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["new", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1 and not list(tmp_path.iterdir())


def test_nothing_is_ever_overwritten_and_nothing_half_written_stays(catalog: Catalog, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="there and not empty"):
        plan("fine", catalog, kind="model", task="generate", out=full)
    file = tmp_path / "file"
    file.write_text("mine")
    wanted = plan("fine", catalog, kind="model", task="generate", out=tmp_path / "late")
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "since").write_text("mine")
    with pytest.raises(UsageError, match="can't write to"):
        write(wanted)
    with pytest.raises(UsageError, match="can't write to"):
        write(plan("fine", catalog, kind="model", task="generate", out=file / "below"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full", "late"]
    assert [path.name for path in (tmp_path / "late").iterdir()] == ["since"]


def test_it_imports_nothing_heavy(python_command: Command, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom ganzoo.cli import run_command\nrun_command(['new', 'fine'])\n"
        "print([name for name in ('torch', 'timm', 'kornia', 'numpy') if name in sys.modules])"
    )
    assert python_command("-c", code, cwd=tmp_path).stdout.splitlines()[-1] == "[]"
