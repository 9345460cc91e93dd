"""Scores while training: when they are taken, what they decide, and that the training itself never notices."""

import json
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ganzoo import api
from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.config import resolve
from ganzoo.config.configuration import Layer
from ganzoo.data.inputs import open_source, read_images, split_images
from ganzoo.data.split import split
from ganzoo.engine import checkpoint, launch
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DataError, StorageError, UsageError
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.folder import Run
from ganzoo.runs.logs import recorded_scores
from ganzoo.runs.view import View
from ganzoo.scoring.build import build_scorer
from tests.scoring import small

TINY = {"log_every": "1steps", "checkpoint_every": "1000steps", "sample_every": "1000steps", "score_images": 50}


class Scripted:
    """Gives the scores of a script, one after the other, and draws as the real one does."""

    def __init__(self, *values: float, seconds: float = 0.0, **others: float) -> None:
        self.values, self.seconds, self.others, self.steps = list(values), seconds, others, []

    def draw(self, draw: Callable) -> np.ndarray:
        rng = torch.Generator().manual_seed(7)
        return draw(Batch(torch.zeros(50, 3, 16, 16), rng, progress=1.0)).numpy()

    def score(self, fakes: np.ndarray, *, step: int, weights: str) -> Evaluation:
        assert fakes.shape == (50, 3, 16, 16) and weights == "ema"
        time.sleep(self.seconds)
        self.steps.append(step)
        return small.evaluation(self.values.pop(0), step, **self.others)


class Notes(View):
    def __init__(self) -> None:
        self.notices: list[str] = []
        self.scores: list[tuple[int, int]] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def scored(self, run: Run, evaluation: Evaluation, best: Evaluation) -> None:
        self.scores.append((evaluation.step, best.step))


@pytest.fixture
def scored(tiny: Callable, catalog: Catalog, tmp_path: Path) -> Callable[..., Run]:
    """Trains a tiny run with a scorer."""

    def run(scorer: object, name: str = "run", view: View | None = None, **options: object) -> Run:
        configuration = tiny(**{**TINY, "score_every": "2steps", **options})
        build = (lambda *_, **__: scorer) if isinstance(scorer, Scripted) else scorer
        where = {"out": tmp_path / name, "overwrite": False}
        return launch.start(configuration, catalog, view or View(), **where, build_scorer=build)

    return run


def resume(run: Run, catalog: Catalog, scorer: Scripted, view: View | None = None, **settings: object) -> Run:
    content = json.loads((run.folder / "run.json").read_text())
    configuration = resolve.recorded_configuration(content, catalog, [Layer(origin="resume", values=settings)])
    return launch.resume(run.folder, configuration, catalog, view or View(), build_scorer=lambda *_, **__: scorer)


def best(run: Run) -> int | None:
    return checkpoint.best_step(run.checkpoints)


def test_scores_are_taken_at_their_interval_and_at_the_end(scored) -> None:
    scorer, view = Scripted(3, 1, 2), Notes()
    run = scored(scorer, view=view, budget="5steps")
    assert scorer.steps == [2, 4, 5]
    assert view.scores == [(2, 2), (4, 4), (5, 4)]
    assert [(e.step, e.score.value) for e in run.scores()] == [(2, 3), (4, 1), (5, 2)]
    line = json.loads((run.folder / "scores.jsonl").read_text().splitlines()[0])
    assert line["images"] == 16 and 0 < line["seconds"] < 60


def test_none_are_taken_unless_asked_for(scored) -> None:
    scorer = Scripted()
    run = scored(scorer, budget="4steps", score_every=None)
    assert scorer.steps == [] and run.scores() == [] and best(run) is None


def test_the_best_is_kept_however_many_come_after_it(scored) -> None:
    run = scored(Scripted(3, 1, 2, 2, 2), budget="10steps", keep=2)
    assert best(run) == 4
    assert checkpoint.steps_in(run.checkpoints) == [4, 8, 10]
    step, _, _ = checkpoint.load(run.checkpoints, ("weights",), "BEST")
    assert step == 4


def test_scores_that_can_not_be_written_end_no_run_and_are_told_once(scored) -> None:
    class Blocked(Notes):
        def stepped(self, run: Run) -> None:
            if run.progress.steps == 1:
                (run.folder / "scores.jsonl").mkdir()
                (run.checkpoints / "BEST").mkdir()

    view = Blocked()
    run = scored(Scripted(3, 1), view=view, budget="4steps")
    assert run.outcome == "done" and view.scores == [(2, 2), (4, 4)] and best(run) is None
    assert len([text for text in view.notices if "training continues without" in text]) == 1


def test_a_former_best_goes_like_any_other(scored) -> None:
    run = scored(Scripted(3, 2, 1, 4, 4), budget="10steps", keep=1)
    assert checkpoint.steps_in(run.checkpoints) == [6, 10]


def test_without_scores_there_is_no_best(scored) -> None:
    run = scored(Scripted(), budget="2steps", score_every=None)
    with pytest.raises(StorageError, match="--score-every"):
        checkpoint.load(run.checkpoints, ("weights",), "BEST")


def test_a_resumed_run_goes_on_from_the_scores_before(scored, catalog) -> None:
    run = scored(Scripted(1, 2), budget="4steps")
    view = Notes()
    again = resume(run, catalog, Scripted(3, 0.5), view, budget="8steps")
    assert view.scores == [(6, 2), (8, 8)] and best(again) == 8
    assert [e.step for e in again.scores()] == [2, 4, 6, 8]


def test_a_run_resumed_from_before_its_best_marks_what_it_still_has(scored, catalog) -> None:
    run = scored(Scripted(2, 3, 1), budget="6steps", keep=5)
    assert best(run) == 6
    checkpoint.set_aside_after(run.checkpoints, 4)
    assert best(run) is None
    again = resume(run, catalog, Scripted(2.5), budget="6steps")
    assert [e.score.value for e in again.scores()] == [2, 3, 2.5]
    assert best(again) == 2


def test_a_best_whose_checkpoint_is_gone_is_never_marked(scored, catalog) -> None:
    run = scored(Scripted(1, 3), budget="4steps")
    checkpoint.mark_best(run.checkpoints, 4)
    shutil.rmtree(run.checkpoints / "step-000002")
    again = resume(run, catalog, Scripted(2), budget="6steps")
    assert best(again) == 6
    checkpoint.load(again.checkpoints, ("weights",), "BEST")


def test_a_score_of_the_step_resumed_from_is_not_taken_twice(scored, catalog) -> None:
    run = scored(Scripted(1, 2), budget="4steps")
    scorer = Scripted()
    again = resume(run, catalog, scorer, budget="4steps")
    assert scorer.steps == [] and len(again.scores()) == 2


def test_five_scores_without_anything_better_end_a_run_that_asked_for_it(scored) -> None:
    run = scored(Scripted(2, 1, 2, 3, 2, 1, 2), budget="1000steps", stop_when_flat=True)
    summary = json.loads((run.folder / "summary.json").read_text())
    assert (summary["outcome"], summary["steps"], summary["checkpoint"]) == ("done", 14, 14)
    assert summary["stopped"] == "nothing better in the last 5 scores" and best(run) == 4


def test_otherwise_a_flat_run_goes_on(scored) -> None:
    run = scored(Scripted(*[1] * 8), budget="16steps")
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["steps"] == 16 and "stopped" not in summary


def test_stopping_when_flat_needs_scores(scored, tmp_path) -> None:
    with pytest.raises(UsageError, match="--score-every"):
        scored(Scripted(), budget="4steps", score_every=None, stop_when_flat=True)
    assert not (tmp_path / "run").exists()


def test_the_clock_stands_still_while_a_score_is_taken(scored) -> None:
    started = time.perf_counter()
    run = scored(Scripted(3, 2, 1, seconds=0.7), budget="6steps", score_every="2steps")
    passed = time.perf_counter() - started
    summary = json.loads((run.folder / "summary.json").read_text())
    assert passed > 2.1 and summary["seconds"] < passed - 2.1
    assert summary["images_per_second"] == pytest.approx(summary["images"] / summary["seconds"], rel=0.01)


def test_what_is_odd_is_told(scored) -> None:
    view = Notes()
    scored(Scripted(1.0, 1.0, 1.2, spread=0.1), view=view, budget="6steps")
    assert sum("samples are alike" in text for text in view.notices) == 3
    assert sum("the score gets worse" in text for text in view.notices) == 1


@pytest.mark.parametrize(("loss", "warned"), [("non-saturating", True), ("least-squares", False)])
def test_the_discriminator_wins_where_the_recipe_records_probabilities(
    scored, monkeypatch: pytest.MonkeyPatch, loss: str, warned: bool
) -> None:
    lines = [{"D(real)": 0.99, "D(fake)": 0.01}] * 20
    monkeypatch.setattr(Run, "scalar_lines", lambda run: lines)
    view = Notes()
    run = scored(Scripted(1.0), view=view, budget="2steps", loss=loss)
    assert any("the discriminator wins" in text for text in view.notices) == warned
    assert json.loads((run.folder / "run.json").read_text())["records_probabilities"] == warned


def tensors(run: Run, step: int) -> dict[str, torch.Tensor]:
    path = run.checkpoints / checkpoint.name_of(step)
    return {f"{f.stem}/{k}": v for f in path.glob("*.safetensors") for k, v in load_file(f).items()}


def small_scorer(configuration, images, device, warn, sources=None) -> object:
    settings = configuration.settings
    return small.scorer(images, share=settings.held_out, n_fake=settings.score_images, warned=[])


def test_training_is_bit_identical_with_and_without_scores(scored, catalog) -> None:
    """With an encoder and all metrics, every other step."""
    given = {"data.count": 200, "budget": "6steps"}
    with_scores = scored(small_scorer, "with", **given)
    without = scored(None, "without", **given, score_every=None)
    assert len(with_scores.scores()) == 3
    one, other = tensors(with_scores, 6), tensors(without, 6)
    assert one.keys() == other.keys() and len(one) > 10
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def test_scores_are_the_same_after_a_resume(scored, catalog, tmp_path) -> None:
    given = {"data.count": 200}
    whole = scored(small_scorer, "whole", **given, budget="4steps")
    parted = scored(small_scorer, "parted", **given, budget="2steps")
    content = json.loads((parted.folder / "run.json").read_text())
    configuration = resolve.recorded_configuration(
        content, catalog, [Layer(origin="resume", values={"budget": "4steps"})]
    )
    launch.resume(parted.folder, configuration, catalog, View(), build_scorer=small_scorer)
    assert recorded_scores(whole.folder) == recorded_scores(parted.folder)


def test_held_out_images_are_never_trained_on(tiny, monkeypatch) -> None:
    """Every image drawn over three epochs is noted by its pixels."""
    configuration = tiny(**{"data.count": 200, "held_out": 0.25})
    images = read_images(open_source(configuration), configuration, View())
    drawn: list[np.ndarray] = []
    built: Trainer = build_trainer(
        build_gan(configuration, images.attributes),
        configuration,
        split_images(configuration, images),
        torch.device("cpu"),
    )
    take = type(images).take

    def noted(self, numbers):
        drawn.append(numbers)
        return take(self, numbers)

    monkeypatch.setattr(type(images), "take", noted)
    for _ in range(3 * 150 // built.settings.batch + 1):
        built.round(0.0)
    seen, parts = set(np.concatenate(drawn).tolist()), split(200, 0.25)
    assert len(parts.held_out) == 50
    assert seen.isdisjoint(parts.held_out.tolist())
    assert seen == set(parts.train.tolist())


def test_too_few_images_to_score_on_leave_no_folder(scored, tmp_path) -> None:
    with pytest.raises(DataError, match="leave too few to score on"):
        scored(partial(build_scorer, metrics=()), **{"data.count": 40}, budget="2steps")
    assert not (tmp_path / "run").exists()


def test_an_unknown_metric_is_told_before_anything_is_read(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"no metric 'spred'\. Did you mean 'spread'"):
        api.run("dcgan", tiny=True, options={"metrics": "copies, spred"}, out=tmp_path / "run", data="scenes")
    assert not (tmp_path / "run").exists()
