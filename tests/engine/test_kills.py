"""A run that is killed beside a save, a score or a sample grid, and resumed, leaves the files of one that was not."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration, Layer
from ganzoo.config.resolve import recorded_configuration
from ganzoo.engine import checkpoint, crashes, launch
from ganzoo.engine.crashes import OUTPUT_POINTS, SAVE_POINTS
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from tests.scoring import small

FORK = multiprocessing.get_context("fork")
SETTINGS = {
    "budget": "12steps",
    "log_every": "1steps",
    "sample_every": "3steps",
    "checkpoint_every": "4steps",
    "score_every": "5steps",
    "score_images": 50,
    "threads": 1,
}
VALUES = {5: 2.0, 10: 1.0, 12: 3.0}
TIMES = {"seconds", "images_per_second"}
Train = Callable[..., Run]


class ByStep:
    """Gives each step its score."""

    def draw(self, draw: object) -> np.ndarray:
        return np.zeros((50, 16, 16, 3), np.uint8)

    def score(self, fakes: np.ndarray, *, step: int, weights: str) -> Evaluation:
        return small.evaluation(VALUES.get(step, 9.0), step)


@pytest.fixture
def begin(tiny: Callable[..., Configuration], catalog: Catalog, tmp_path: Path) -> Train:
    """Trains a run of 12 steps with 3 scores."""

    def run(name: str, **options: object) -> Run:
        configuration = tiny(**{**SETTINGS, **options})
        place = {"out": tmp_path / name, "overwrite": False}
        return launch.start(configuration, catalog, View(), **place, build_scorer=lambda *_, **__: ByStep())

    return run


@pytest.fixture
def resume(catalog: Catalog) -> Train:
    """Resumes a run."""

    def run(folder: Path, **settings: object) -> Run:
        content = json.loads((folder / "run.json").read_text())
        configuration = recorded_configuration(content, catalog, [Layer(origin="resume", values=settings)])
        return launch.resume(folder, configuration, catalog, View(), build_scorer=lambda *_, **__: ByStep())

    return run


def killed(point: str, train: Train, *arguments: object, **options: object) -> None:
    """Trains in a process that dies at the point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(crashes.VARIABLE, point)
        process = FORK.Process(target=train, args=arguments, kwargs=options)
        process.start()
        process.join(60)
        process.kill()
    assert process.exitcode == -signal.SIGKILL


def lines(path: Path) -> list[Mapping[str, object]]:
    logged = map(json.loads, path.read_text().splitlines())
    return [{key: value for key, value in line.items() if key not in TIMES} for line in logged]


def files(folder: Path) -> dict[str, object]:
    """What a run has written, without what depends on the clock."""
    manifests = folder.glob("checkpoints/*/MANIFEST.json")
    weights = {path.parent.name: json.loads(path.read_text())["weights.safetensors"] for path in manifests}
    return {
        "scalars": lines(folder / "scalars.jsonl"),
        "scores": lines(folder / "scores.jsonl"),
        "samples": {path.name: path.read_bytes() for path in (folder / "samples").iterdir()},
        "checkpoints": weights,
        "best": checkpoint.best_step(folder / "checkpoints"),
        "latest": (folder / "checkpoints" / "LATEST").read_text(),
        "outcome": json.loads((folder / "summary.json").read_text())["outcome"],
    }


def passages() -> list[str]:
    """Kills at each point, at each of its passages that comes after the first checkpoint."""
    often = {"before-sample": (2, 5), "during-sample": (2, 5)}
    return [
        *(f"{point}:{number}" for point in OUTPUT_POINTS for number in often.get(point, (1, 2, 3))),
        *(f"{point}:3" for point in SAVE_POINTS if point not in ("between-files", "during-prune")),
    ]


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, dict[str, object]]:
    """The files of a run that was not killed, once there is one."""
    return {}


@pytest.mark.parametrize("point", passages())
def test_a_kill_at_each_point_leaves_nothing_to_make_up_for(
    begin: Train, resume: Train, tmp_path: Path, uninterrupted: dict[str, dict[str, object]], point: str
) -> None:
    if not uninterrupted:
        uninterrupted["files"] = files(begin("whole", keep=10).folder)
    killed(point, begin, "parted", keep=10)
    resume(tmp_path / "parted")
    expected, found = uninterrupted["files"], files(tmp_path / "parted")
    assert [row["step"] for row in expected["scores"]] == [5, 10, 12] and expected["best"] == 10  # type: ignore[attr-defined]
    assert {name: found[name] == expected[name] for name in expected} == dict.fromkeys(expected, True)


def test_a_score_row_that_was_cut_off_is_taken_again(begin: Train, resume: Train, tmp_path: Path) -> None:
    whole = begin("whole")
    killed("after-score:2", begin, "parted")
    rows = tmp_path / "parted" / "scores.jsonl"
    os.truncate(rows, rows.stat().st_size - 9)
    resume(tmp_path / "parted")
    assert files(tmp_path / "parted") == files(whole.folder)


@pytest.mark.parametrize("interval", ["0.04kimg", "4steps"])
def test_a_run_that_was_flat_when_it_was_killed_still_stops(
    begin: Train, resume: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interval: str
) -> None:
    """The best score is the first; the sixth of them would have ended the run. A batch has 8 images."""
    monkeypatch.setitem(VALUES, 5 if "kimg" in interval else 4, 0.5)
    options = {"budget": "100steps", "score_every": interval, "stop_when_flat": True, "sample_every": "50steps"}
    whole = begin("whole", **options)
    killed("during-score:6", begin, "parted", **options)
    resume(tmp_path / "parted")
    assert len(whole.scores()) == 6 and files(tmp_path / "parted") == files(whole.folder)


def test_a_score_that_a_signal_broke_off_is_taken_when_the_run_resumes(
    begin: Train, resume: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = begin("whole")
    score = ByStep.score

    def stopped(self: ByStep, fakes: np.ndarray, *, step: int, weights: str) -> Evaluation:
        if step == 10:
            signal.raise_signal(signal.SIGTERM)
        return score(self, fakes, step=step, weights=weights)

    monkeypatch.setattr(ByStep, "score", stopped)
    parted = begin("parted")
    assert parted.outcome == "terminated" and [one.step for one in parted.scores()] == [5]
    monkeypatch.setattr(ByStep, "score", score)
    resume(parted.folder)
    found, expected = files(parted.folder), files(whole.folder)
    assert found["samples"].keys() - expected["samples"].keys() == {"step-000010.png"}  # type: ignore[attr-defined]
    assert {**found, "samples": 0} == {**expected, "samples": 0}


def test_a_score_is_due_only_where_its_interval_ends(begin: Train, resume: Train) -> None:
    run = begin("run", budget="7steps")
    resume(run.folder, budget="11steps", score_every="2steps")
    assert [one.step for one in run.scores()] == [5, 7, 8, 10, 11]


def test_a_picture_that_was_removed_is_not_the_newest(begin: Train) -> None:
    run = begin("run")
    assert run.newest_sample == run.samples / "step-000012.png"
    run.forget_after(5)
    assert run.newest_sample == run.samples / "step-000003.png"
