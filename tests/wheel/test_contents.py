"""What is in the wheel: the code with its templates and the registry; no tests, docs, examples or caches."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every file in the wheel."""
    place = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run([*build, "--wheel-dir", str(place), str(ROOT)], check=True)
    (wheel,) = place.glob("ganzoo_core-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_source_file_and_template_is_there(names: set[str]) -> None:
    for folder in (ROOT / "ganzoo", ROOT / "plugins" / "ganzoo_plugins"):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert str(path.relative_to(folder.parent)) in names
    assert {"ganzoo/registry.yaml", "ganzoo/py.typed"} <= names


def test_nothing_else_is_there(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ganzoo", "ganzoo_plugins"}
    endings = {Path(name).suffix for name in names if ".dist-info" not in name}
    assert endings <= {".py", ".typed", ".yaml", ".j2", ".html", ".css", ".js", ".safetensors", ""}
    assert not [name for name in names if "__pycache__" in name]


def test_the_licence_and_the_entry_points_are_there(names: set[str]) -> None:
    info = {name.split("/", 1)[1] for name in names if ".dist-info/" in name}
    assert {"licenses/LICENSE", "entry_points.txt", "METADATA"} <= info
