"""The built-in TensorBoard listener: silent unless asked for, and no harm to a run when it can't work."""

import importlib.util
import sys
import warnings

import numpy as np
import pytest

from ganzoo.runs.view import View

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
        return EventAccumulator(str(folder)).Reload()


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

    from tests.scoring import small

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
    assert [event.step for event in images] == [1, 4] and images[0].width > 16


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
        def __init__(self, folder):
            pass

        def add_scalar(self, name, value, step):
            assert np.isfinite(value)

        def add_image(self, name, image, step, dataformats):
            shapes.append((step, image.shape[2], dataformats))

        def close(self):
            shapes.append("closed")

    module = type(sys)("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    train(**GIVEN)
    assert shapes == [(1, 3, "HWC"), (4, 3, "HWC"), "closed"] and board._boards == {}
