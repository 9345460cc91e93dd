"""A tiny run that paints, for files that users of other projects brought to their trackers."""

from pathlib import Path

import pytest

from ganzoo.cli import run_command
from tests.stylize.odd import Paint


@pytest.fixture(scope="session")
def odd_run(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("odd") / "run"
    assert run_command(["run", "fastcut", "--tiny", "--device", "cpu", "--budget", "1steps", "--out", str(folder)]) == 0
    return str(folder)


@pytest.fixture
def paint(odd_run: str, tmp_path: Path) -> Paint:
    """Paints inputs into the folder "out" with strength 0."""

    def call(*inputs: object, more: tuple[str, ...] = ()) -> int:
        given = [str(one) for one in inputs]
        return run_command(
            ["stylize", odd_run, *given, "--strength", "0", "--device", "cpu", "--out", str(tmp_path / "out"), *more]
        )

    return call
