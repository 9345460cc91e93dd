"""A run whose images were moved: told where they are now, every command that needs them goes on; others are refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganzoo import api
from ganzoo.cli import run_command
from ganzoo.errors import DataError, UsageError
from ganzoo.runs.folder import Run


def pictures(folder: Path, shade: int) -> Path:
    folder.mkdir()
    for number in range(40):
        Image.new("RGB", (20, 20), (6 * number, shade, 40)).save(folder / f"{number:02}.png")
    return folder


@pytest.fixture
def moved(tmp_path: Path, train: Callable[..., Run]) -> tuple[Path, Path]:
    """The folder of a run, and where its images are now."""
    data = pictures(tmp_path / "data", 0)
    run = train("dcgan", budget="2steps", data=str(data), held_out=0.5, score_images=50)
    shutil.move(data, tmp_path / "moved")
    return run.folder, tmp_path / "moved"


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = run_command([str(one) for one in arguments])
    return code, capsys.readouterr().err


def test_a_missing_folder_is_named_with_the_flag_that_says_where_it_is(
    moved: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = moved
    for command in (["run", "--resume", run, "--budget", "3steps"], ["sample", run, "--nearest"], ["evaluate", run]):
        code, err = said(capsys, *command)
        assert code == 3 and err.count("\n") == 1
        assert f"the folder of data, '{tmp_path / 'data'}', is not there: where it was moved, give --data" in err


def test_the_new_place_does_for_every_command(
    moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run, now = moved
    assert said(capsys, "sample", run, "--nearest", "-n", "4", "--data", now)[0] == 0
    assert said(capsys, "evaluate", run, "--data", now, "-n", "50")[0] == 0
    assert said(capsys, "run", "--resume", run, "--budget", "3steps", "--data", now)[0] == 0
    assert json.loads((run / "run.json").read_text())["configuration"]["data.path"]["value"] == str(now)
    assert api.resume(run, budget="4steps").progress.steps == 4  # it is recorded
    again = shutil.move(now, tmp_path / "again")
    tiny = ["dcgan", "--tiny", "--set", "held_out=0.5", "--set", "score_images=50", "--device", "cpu"]
    assert said(capsys, "run", *tiny, "--data", again, "--out", run, "--continue", "--budget", "5steps")[0] == 0


def test_other_images_are_refused(moved: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = moved
    other = pictures(tmp_path / "other", 9)
    with pytest.raises(DataError, match=r"images have changed since .* --data and --style say where they are now"):
        api.resume(run, budget="3steps", data=str(other))
    code, err = said(capsys, "sample", run, "--nearest", "--data", other)
    assert code == 3 and "images have changed since" in err
    with pytest.raises(UsageError, match=r"size can't change when a run is resumed; these can: .*, and the place of"):
        api.resume(run, size="32")


def test_photos_and_paintings_of_a_translator_may_both_be_moved(
    tmp_path: Path, train: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    photos, paintings = pictures(tmp_path / "photos", 0), pictures(tmp_path / "paintings", 200)
    run = train("fastcut", budget="1steps", data=str(photos), style=str(paintings), held_out=0.5).folder
    for folder in (photos, paintings):
        folder.rename(tmp_path / f"new-{folder.name}")
    data, style = tmp_path / "new-photos", tmp_path / "new-paintings"
    assert "the folder of style, " in said(capsys, "run", "--resume", run, "--budget", "2steps", "--data", data)[1]
    assert "the folder of data, " in said(capsys, "sample", run)[1]
    assert "these are not the photos that" in said(capsys, "sample", run, "--data", style)[1]
    assert said(capsys, "sample", run, "--data", data, "-n", "2") == (0, "")
    swapped = said(capsys, "run", "--resume", run, "--budget", "2steps", "--data", style, "--style", data)
    assert swapped[0] == 3 and "images have changed since" in swapped[1]
    resumed = said(capsys, "run", "--resume", run, "--budget", "2steps", "--data", data, "--style", style)
    assert resumed == (0, "")
