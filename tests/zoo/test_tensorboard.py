"""The built-in TensorBoard listener: silent unless asked for, and no harm to a run when it can't work."""

import importlib.util
import os
import sys
import time
import warnings

import numpy as np
import pytest

from ganzoo.engine import checkpoint, launch
from ganzoo.errors import DivergedError
from ganzoo.runs.view import View
from tests.scoring import small

needs_tensorboard = pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="pip install 'ganzoo-core[tensorboard]'"
)
GIVEN = {"budget": "4steps", "log_every": "1steps"}


class Notes(View):
    def __init__(self):
        self.notices = []

    def notice(self, text):
        self.notices.append(text)


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return EventAccumulator(str(folder), {"scalars": 0, "images": 0}).Reload()  # 0 keeps all


def test_nothing_is_written_unless_asked_for(train, monkeypatch):
    for value in (None, "", "0"):
        monkeypatch.delenv("GANZOO_TENSORBOARD", raising=False)
        if value is not None:
            monkeypatch.setenv("GANZOO_TENSORBOARD", value)
        run = train(name=f"run{value}", **GIVEN)
        assert not (run.folder / "tensorboard").exists()


@needs_tensorboard
def test_events_hold_the_logged_values_scores_and_samples(train, monkeypatch):
    from ganzoo_plugins.tensorboard import board

    monkeypatch.setenv("GANZOO_TENSORBOARD", "1")
    view = Notes()
    add = board.Board.add

    def scored_then_add(self, run, step, scalars):
        if step == 2:
            run.log_score(small.evaluation(0.25, step, recall=0.5))
        add(self, run, step, scalars)

    monkeypatch.setattr(board.Board, "add", scored_then_add)
    run = train(view=view, **GIVEN)
    assert view.notices == [] and board._boards == {}
    found = events(run.folder / "tensorboard")
    logged = {line["step"]: line for line in run.scalar_lines()}
    tags = set(logged[1]) - {"step", "images", "seconds"}
    assert set(found.Tags()["scalars"]) == tags | {"score/KID-x", "score/recall"}
    for tag in tags:
        written = {event.step: event.value for event in found.Scalars(tag)}
        assert written == pytest.approx({step: line[tag] for step, line in logged.items()}, rel=1e-5)
    assert [(event.step, event.value) for event in found.Scalars("score/KID-x")] == [(2, 0.25)]
    images = found.Images("samples")
    assert [event.step for event in images] == [0, 4] and images[0].width > 16


def told(folder):
    """What tensorboard shows of a run: values, scores and samples by step."""
    found = events(folder / "tensorboard")
    shown = {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
    shown.pop("images_per_second")
    return shown | {"samples": [(event.step, event.encoded_image_string) for event in found.Images("samples")]}


class Scorer:
    """The step itself as its score."""

    def draw(self, draw):
        return np.zeros((50, 16, 16, 3), np.uint8)

    def score(self, fakes, *, step, weights):
        return small.evaluation(float(step), step)


@pytest.fixture
def begin(tiny, catalog, tmp_path, monkeypatch):
    """Trains a run with a score every third step and a sample every other."""
    monkeypatch.setenv("GANZOO_TENSORBOARD", "1")
    own = {"log_every": "2steps", "score_every": "3steps", "sample_every": "3steps", "checkpoint_every": "1steps"}

    def run(name, view=None, **options):
        configuration = tiny(**{"budget": "12steps", "threads": 1, "keep": 100, "score_images": 50, **own, **options})
        place = {"out": tmp_path / name, "overwrite": False}
        return launch.start(configuration, catalog, view or View(), **place, build_scorer=lambda *_, **__: Scorer())

    return run


def resumed(run, catalog):
    next_second()
    launch.resume(run.folder, run.configuration, catalog, View(), build_scorer=lambda *_, **__: Scorer())


def next_second():
    """Names of event files begin with the second in which they were opened, which is their order."""
    time.sleep(1.05 - time.time() % 1)


@needs_tensorboard
@pytest.mark.parametrize("step", [1, 3, 6, 8, 9])
def test_a_resumed_run_shows_every_step_once(begin, catalog, step):
    """Killed at the end, or rather later than at its newest checkpoint; the last event is cut off."""
    whole, parted = begin("whole"), begin("parted")
    (file,) = (parted.folder / "tensorboard").iterdir()
    os.truncate(file, file.stat().st_size - 3)
    checkpoint.set_aside_after(parted.checkpoints, step)
    resumed(parted, catalog)
    assert told(parted.folder) == told(whole.folder)
    assert [score for _, score in told(whole.folder)["score/KID-x"]] == [3, 6, 9, 12]


@needs_tensorboard
def test_a_rollback_shows_every_step_once(begin, monkeypatch):
    from ganzoo.engine.trainer import Trainer

    check, failed = Trainer._check_terms, []

    def once(self, step, terms, batch):
        if self.rounds == 8 and not failed:
            failed.append(next_second())
            raise DivergedError("training diverged: on purpose")
        check(self, step, terms, batch)

    monkeypatch.setattr(Trainer, "_check_terms", once)
    run = begin("run", checkpoint_every="5steps", score_every=None)
    assert failed and [step for step, _ in told(run.folder)["generator.fake"]] == [2, 4, 6, 8, 10, 12]
    assert [step for step, _ in told(run.folder)["samples"]] == [0, 3, 6, 9, 12]


@needs_tensorboard
def test_a_run_that_asks_for_it_when_it_resumes_shows_all_scores(begin, catalog, monkeypatch):
    monkeypatch.setenv("GANZOO_TENSORBOARD", "0")
    run = begin("run", budget="7steps")
    monkeypatch.setenv("GANZOO_TENSORBOARD", "1")
    launch.resume(run.folder, run.configuration, catalog, View(), build_scorer=lambda *_, **__: Scorer())
    assert [step for step, _ in told(run.folder)["score/KID-x"]] == [3, 6, 7]


def test_a_missing_package_is_one_notice_and_training_goes_on(train, monkeypatch):
    monkeypatch.setenv("GANZOO_TENSORBOARD", "1")
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    view = Notes()
    run = train(view=view, **GIVEN)
    assert run.outcome == "done" and run.progress.steps == 4
    assert len(view.notices) == 1 and "pip install 'ganzoo-core[tensorboard]'" in view.notices[0]
    assert not (run.folder / "tensorboard").exists()


def test_the_samples_are_those_of_the_run(train, monkeypatch):
    """Without tensorboard: what the board is given, in order."""
    from ganzoo_plugins.tensorboard import board

    monkeypatch.setenv("GANZOO_TENSORBOARD", "1")
    shapes = []

    class Writer:
        def __init__(self, folder, purge_step=None):
            assert purge_step is None

        def add_scalar(self, name, value, step):
            assert np.isfinite(value)

        def add_image(self, name, image, step, dataformats):
            shapes.append((step, image.shape[2], dataformats))

        def flush(self):
            pass

        def close(self):
            shapes.append("closed")

    module = type(sys)("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    train(**GIVEN)
    assert shapes == [(0, 3, "HWC"), (4, 3, "HWC"), "closed"] and board._boards == {}
