"""The packages in docs/examples: real distributions that use public names only, pass their own tests and train."""

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import ganzoo
from ganzoo.cli import run_command
from tests.installed import importable, pip_install

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PACKAGES = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml"))
FILES = sorted(EXAMPLES.glob("*/src/**/*.py"))
PUBLIC = ("model", "losses", "layers", "augment", "parts", "encoders", "metrics", "testing")
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip has installed them."""
    return pip_install(tmp_path_factory.mktemp("site"), PACKAGES)


def test_there_are_a_model_and_parts() -> None:
    assert [path.name for path in PACKAGES] == ["ganzoo-dragan", "ganzoo-softness"]


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_they_use_public_names_only(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("ganzoo.") for alias in node.names)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "ganzoo":
            names = [alias.name for alias in node.names]
            if node.module == "ganzoo":
                assert set(names) <= set(ganzoo.__all__)
            else:
                assert node.module.split(".")[1] in PUBLIC and not any(name.startswith("_") for name in names)


@pytest.mark.slow  # in a process of their own, as their authors run them
@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_their_own_tests_pass(package: Path, site: Path, python_command: Command, tmp_path: Path) -> None:
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, package / "tests")
    tested = python_command(*arguments, PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize(
    "arguments",
    [("dragan",), ("wgan", "--set", "loss=dragan"), ("dcgan", "--set", "loss=smoothed", "--set", "augment=haze")],
    ids=lambda arguments: arguments[-1],
)
def test_they_train(arguments: tuple[str, ...], site: Path, tmp_path: Path) -> None:
    with importable(site):
        assert run_command(["run", *arguments, "--tiny", "--out", str(tmp_path / "run")]) == 0
