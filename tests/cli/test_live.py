"""What people see of a run: plain lines off a terminal, a panel on one."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ganzoo.cli import console, live, progress
from ganzoo.cli.live import LineView, LiveView, StderrView, closing, share, status
from ganzoo.cli.progress import LINE_EVERY
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.config.units import Progress, duration
from ganzoo.runs.folder import Run

SCALARS = {"step": 30, "images": 240, "seconds": 30.0, "images_per_second": 8.0, "generator.fake": 0.7, "D(real)": 0.9}
SCALARS["lr/generator"] = 2e-4  # not shown


@pytest.fixture
def run(tmp_path: Path) -> Run:
    configuration = configure_run("dcgan", open_catalog(third_party=False), settings={"budget": "120s"})
    run = Run(folder=tmp_path, configuration=configuration, progress=Progress(steps=30, images=240, seconds=30.0))
    run.scalars = dict(SCALARS)
    run.newest_sample = tmp_path / "samples" / "step-000030.png"
    return run


def captured(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> io.StringIO:
    text = io.StringIO()
    shown = Console(file=text, force_terminal=terminal, width=120, highlight=False, soft_wrap=True)
    monkeypatch.setattr(console, "console", shown)
    monkeypatch.setattr(live, "console", shown)
    monkeypatch.setattr(progress, "console", shown)
    return text


def test_share_and_time_left(run: Run) -> None:
    assert share(run) == 0.25
    assert status(run) == "25%  1 min 30 s left  8 images/s"
    run.progress = replace(run.progress, seconds=500.0)
    assert share(run) == 1.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s"), (7325, "2 h 2 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_lines_come_now_and_then(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = captured(monkeypatch, terminal=False)
    view = LineView()
    view.follow(run)
    view.logged(run, run.scalars)
    view.logged(run, run.scalars)  # too soon after the last
    run.outcome = "done"
    view.finished(run, {})
    lines = text.getvalue().splitlines()
    assert len(lines) == 5 and "\x1b" not in text.getvalue()
    assert lines[0].startswith("training dcgan on scenes at 64 px")
    assert lines[1] == "step 30  25%  1 min 30 s left  8 images/s  generator.fake 0.700  D(real) 0.900"
    assert "step-000030.png" in lines[3] and "ganzoo sample" in lines[4]


def test_the_panel_shows_progress_losses_and_pictures(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = captured(monkeypatch, terminal=True)
    view = LiveView()
    view.reading(10, 100, 1)
    view._live.refresh()
    view.follow(run)
    view.stepped(run)
    view.logged(run, run.scalars)
    view.notice("a [bold]notice[/bold]")
    view._live.refresh()
    run.outcome = "interrupted"
    view.finished(run, {})
    shown = text.getvalue()
    for part in ("1 skipped", "25%", "1 min 30 s left", "D(real)", "0.900", "step-000030.png", "--resume"):
        assert part in shown
    assert "a [bold]notice[/bold]" in shown  # markup from elsewhere stays text


def clocked(monkeypatch: pytest.MonkeyPatch, view: LineView | StderrView, what: str, seconds: float) -> None:
    """Four pictures are done, with so many seconds between them."""
    for done in range(1, 5):
        monkeypatch.setattr(progress.time, "monotonic", lambda now=seconds * done: now)
        view.progress(what, done, 4)


def test_a_longer_work_tells_now_and_then_how_much_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    text, view = captured(monkeypatch, terminal=False), LineView()
    clocked(monkeypatch, view, "painting photos", LINE_EVERY / 10)
    assert text.getvalue() == "", "it is over before the first line"
    clocked(monkeypatch, view, "painting photos", LINE_EVERY / 2)
    clocked(monkeypatch, view, "looking", LINE_EVERY)
    assert text.getvalue().splitlines() == [
        "painting photos: 3 of 4, 5 s left",
        "looking: 2 of 4, 20 s left",
        "looking: 3 of 4, 10 s left",
        "looking: 4 of 4, 0 s left",
    ]


def test_beside_rows_for_a_program_the_progress_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clocked(monkeypatch, StderrView(), "painting photos", LINE_EVERY)
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[0] == "painting photos: 2 of 4, 20 s left"


def test_a_longer_work_moves_the_bar_of_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    text = captured(monkeypatch, terminal=True)
    with LiveView() as view:
        view.progress("painting photos", 50, 200)
        view._live.refresh()
    assert "painting photos: 50 of 200" in text.getvalue() and "25%" in text.getvalue()


def test_nor_does_the_text_of_the_panel_steer_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = captured(monkeypatch, terminal=True)
    with LiveView() as view:
        view.progress("evil\x1b]0;title\x07\x9b2J", 1, 2)
        view._live.refresh()
    assert "evil\ufffd]0;title\ufffd\ufffd2J: 1 of 2" in text.getvalue() and "\x1b]0" not in text.getvalue()


def test_text_from_elsewhere_can_not_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = captured(monkeypatch, terminal=True)
    console.say("evil \x1b[31m[red]name[/red]\r\x07")
    assert text.getvalue() == "evil \ufffd[31m[red]name[/red]\ufffd\ufffd\n"


def test_the_name_of_a_skipped_picture_takes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = captured(monkeypatch, terminal=False)
    LineView().skipping("a\nb\x1b[31m.jpg", "broken")
    assert text.getvalue() == "skipped 'a\\nb\\x1b[31m.jpg': broken\n"


@pytest.mark.parametrize(("model", "command"), [("dcgan", "sample"), ("fastcut", "stylize")])
def test_the_end_names_the_next_command(tmp_path: Path, model: str, command: str) -> None:
    configuration = configure_run(model, open_catalog(third_party=False), settings={"budget": "120s"})
    run = Run(folder=tmp_path, configuration=configuration, progress=Progress(steps=1, images=8, seconds=1.0))
    run.outcome = "done"
    assert f": ganzoo {command} {tmp_path}" in closing(run)
