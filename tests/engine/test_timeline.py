"""What a model is told of its budget is written down, and can be told again."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ganzoo import api
from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Amount, Progress
from ganzoo.engine.timeline import Moment, Timeline, recorded_moments
from ganzoo.errors import StorageError
from ganzoo.model import GAN
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View


@pytest.fixture
def run(tiny: Callable[..., Configuration], tmp_path: Path) -> Callable[..., Run]:
    def made(budget: str, name: str = "run") -> Run:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Run(folder=folder, configuration=tiny(budget=budget))

    return made


def lines(run: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run.folder / "timeline.jsonl").read_text().splitlines()]


def test_time_passes_in_ticks_and_each_is_written_down_once(run: Callable[..., Run]) -> None:
    timed = run("100s")
    timeline = Timeline(timed)
    at = [(0, 0.0), (1, 0.04), (2, 0.1), (3, 0.19), (4, 50.05)]
    assert [timeline.read(Progress(steps=s, seconds=t)) for s, t in at] == [0.0, 0.0, 0.001, 0.001, 0.5]
    assert [(line["step"], line["used"]) for line in lines(timed)] == [(0, 0.0), (2, 0.001), (4, 0.5)]


@pytest.mark.parametrize(("budget", "told"), [("8steps", [0.0, 0.125, 0.5]), ("0.032kimg", [0.0, 0.25, 1.0])])
def test_steps_and_images_are_told_exactly_and_need_one_line(
    run: Callable[..., Run], budget: str, told: list[float]
) -> None:
    counted = run(budget)
    timeline = Timeline(counted)
    assert [timeline.read(Progress(steps=s, images=8 * s, seconds=7.0 * s)) for s in (0, 1, 4)] == told
    assert lines(counted) == [{"step": 0, "budget": budget}]


def test_another_run_is_told_the_same_whatever_its_own_time_says(run: Callable[..., Run]) -> None:
    first, second = run("100s"), run("9steps", "second")
    told = [Timeline(first).read(Progress(steps=s, seconds=10.0 * s)) for s in range(5)]
    again = Timeline(second, recorded_moments(first.folder))
    assert [again.read(Progress(steps=s, seconds=3.0 * s)) for s in range(5)] == told == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert recorded_moments(second.folder) == recorded_moments(first.folder)


def test_a_resumed_run_has_a_line_for_each_budget(train: Callable[..., Run]) -> None:
    started = train(budget="2steps")
    api.resume(started.folder, budget="4steps")
    assert recorded_moments(started.folder) == [
        Moment(step=0, budget=Amount(2, "steps")),
        Moment(step=2, budget=Amount(4, "steps")),
    ]
    started.forget_after(1)
    assert lines(started) == [{"step": 0, "budget": "2steps"}]


def test_a_damaged_record_is_told(run: Callable[..., Run]) -> None:
    (run("1s").folder / "timeline.jsonl").write_text('{"step": 0, "budget": "soon"}\n')
    with pytest.raises(StorageError, match=r"timeline\.jsonl' is damaged"):
        recorded_moments(run("1s").folder)


class Notices(View):
    def __init__(self) -> None:
        self.said: list[str] = []

    def notice(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize(
    ("budget", "said", "rates"),
    [
        ("4steps", "", [1, 0.75, 0.5, 0.25]),
        ("8steps", "rise from 50 % to 75 % of those at the start: they follow the budget, which was 4steps and is", [
            *(1, 0.75, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125)
        ]),
        ("3steps", "fall from 50 % to 33.3 % of", [1, 0.75, 1 / 3]),
    ],
)  # fmt: skip
def test_a_rate_that_jumps_with_another_budget_is_told_and_logged(
    train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, budget: str, said: str, rates: list[float]
) -> None:
    class Stops(View):
        def stepped(self, run: Run) -> None:
            if run.progress.steps == 2:
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(GAN, "rate", lambda gan, progress: 1 - progress)
    run = train(view=Stops(), budget="4steps", log_every="1steps", lr=0.5, lr_discriminator=0.25, threads=1)
    view = Notices()
    api.resume(run.folder, view=view, budget=budget)
    told = [text for text in view.said if "learning rates" in text]
    assert (len(told), said in "".join(told)) == (bool(said), True)
    for name, base in (("lr/generator", 0.5), ("lr/discriminator", 0.25)):
        assert [line[name] for line in run.scalar_lines()] == pytest.approx([base * rate for rate in rates])


def test_a_damaged_timeline_ends_no_resume(train: Callable[..., Run]) -> None:
    run = train(budget="2steps", threads=1)
    (run.folder / "timeline.jsonl").write_text('{"step": 0, "budget": "long"}\n')
    assert api.resume(run.folder, budget="3steps").progress.steps == 3
