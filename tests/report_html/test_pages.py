"""What reports show, and that text in them stays text."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganzoo import api
from ganzoo.cli import run_command
from ganzoo.cli.run import train as run_cli
from ganzoo.config import resolve
from ganzoo.config.values import parse_assignments
from ganzoo.errors import StorageError, UsageError
from ganzoo.report_html import pictures, render_comparison, render_run, write_report
from ganzoo.report_html.commands import repeat
from ganzoo.report_html.curves import Chart, Line, draw, thin, ticks
from ganzoo.report_html.pictures import frame, spread_out
from ganzoo.runs.folder import Run
from ganzoo.runs.run_file import UNSAID
from ganzoo.runs.view import View
from tests.data.pictures import png_header
from tests.report_html.folders import HARMLESS, HOSTILE, comparison

Train = Callable[..., Run]
VOID = {"meta", "link", "img", "input", "br", "wbr"}


class Page(HTMLParser):
    """A strict HTML parser: tags must be closed in order. It collects elements, addresses and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def addresses(self) -> set[str]:
        named = ("src", "href", "action", "data", "poster", "srcset", "xlink:href")
        return {value or "" for _, attrs in self.tags for key, value in attrs.items() if key in named}


def test_a_run_report_shows_scores_pictures_and_commands(folder: Path) -> None:
    text = render_run(folder)
    page = Page(text)
    for expected in (
        "run",
        "done",
        "dcgan/dcgan",
        "KID-test",
        "500.0",
        "450.0 to 550.0",
        "160 images",
        "floor",
        "ceiling",
    ):
        assert expected in page.text
    assert (
        "The best score is 500.0 at step 10. The last score, 900.0 at step 20, is worse. The difference is unlikely to"
        " be chance: the intervals do not overlap. The checkpoint BEST is that of step 10."
    ) in page.text
    assert f"ganzoo run --resume {folder}" in page.text
    assert sum(tag == "polyline" for tag, _ in page.tags) >= 5
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert images[0]["data-label"] == "step 0"
    assert len(images) == 3 and ["hidden" in image for image in images] == [True, True, False]


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        ({"published": True}, ", trained elsewhere on coast (64 pictures)."),
        (
            {"imported": {"format": "a U-Net", "files": [{"name": "x.pth", "size": 9, "sha256": "ab"}]}},
            ": imported, a U-Net.",
        ),
    ],
)
def test_what_was_trained_elsewhere_says_no_more_than_is_known(folder: Path, fact: dict[str, Any], told: str) -> None:
    content = json.loads((folder / "run.json").read_text())
    content["configuration"]["data"] = {"value": "folder", "origin": "flag"}
    content["configuration"]["data.path"] = {"value": f"{UNSAID}/coast", "origin": "flag"}
    content["data"]["images"] = 64
    (folder / "run.json").write_text(json.dumps(content | fact))
    text = Page(render_run(folder)).text
    assert f"dcgan/dcgan{told}" in text and UNSAID not in text and "trained for" not in text
    assert ("coast" in text) == ("published" in fact) and ("SHA-256" in text) == ("imported" in fact)
    assert "trained elsewhere on the sea" in Page(render_run(folder, trained_on="the sea")).text


@pytest.mark.parametrize(("rates", "shown"), [((2e-4, 2e-4), False), ((2e-4, 1e-4), True)])
def test_learning_rates_have_a_chart_where_they_change(folder: Path, rates: tuple[float, ...], shown: bool) -> None:
    lines = [{"step": i, "images": 8 * i, "generator.fake": 1.0, "lr/generator": r} for i, r in enumerate(rates)]
    (folder / "scalars.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    page = Page(render_run(folder))
    assert ("Learning rate" in page.text) is shown and ("0.00015" in page.text) is shown
    assert "lr/" not in page.text


def test_the_command_repeats_the_configuration(train: Train, catalog: Any) -> None:
    run = train("wgan-gp", budget="1steps", **{"loss.weight": 7.5})
    words = shlex.split(repeat(json.loads((run.folder / "run.json").read_text())))
    assert words[:2] == ["ganzoo", "run"]
    arguments = run_cli.make_context("run", words[2:]).params
    others = ("name", "assignments", "config", "tiny", "out", "overwrite", "go_on", "resume")
    settings = {key: value for key, value in arguments.items() if key not in others}
    options = parse_assignments(arguments["assignments"])
    again = resolve.configure_run(arguments["name"], catalog, options=options, settings=settings)
    chosen = {key for key, value in again.values().items() if value == "auto"}  # by the machine and the images
    assert chosen >= {"crop", "load_size"}
    assert without(again.values(), chosen) == without(run.configuration.values(), chosen)


def without(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in names}


def test_the_command_names_a_folder_of_images_and_quotes_it() -> None:
    values = {"data": "folder", "data.path": "/a b/'c", "data.recursive": False, "seed": 3, "score_every": None}
    configuration = {key: {"value": value, "origin": "flag"} for key, value in values.items()}
    words = shlex.split(repeat({"model": "a/b", "configuration": configuration}))
    assert words == ["ganzoo", "run", "a/b", "--data", "/a b/'c", "--set", "data.recursive=False", "--seed", "3"]


def test_a_run_that_still_trains_has_a_report(folder: Path) -> None:
    for name in ("summary.json", "scores.jsonl", "scalars.jsonl"):
        (folder / name).unlink()
    shutil.rmtree(folder / "samples")
    page = Page(render_run(folder))
    assert "unfinished" in page.text and "No samples yet" in page.text and "Nothing logged yet" in page.text


@pytest.mark.parametrize(
    ("recorded", "loss", "warned"),
    [
        (True, "of-a-plugin", True),
        (False, "non-saturating", False),
        (None, "non-saturating", True),  # run folders of before say nothing
        (None, "least-squares", False),
        (None, "of-a-plugin", False),
    ],
)
def test_the_discriminator_wins_only_where_its_scores_are_probabilities(
    folder: Path, recorded: bool | None, loss: str, warned: bool
) -> None:
    content = json.loads((folder / "run.json").read_text())
    assert content.pop("records_probabilities") is True
    content["configuration"]["loss"]["value"] = loss
    if recorded is not None:
        content["records_probabilities"] = recorded
    (folder / "run.json").write_text(json.dumps(content))
    counters = {"images": 8, "seconds": 1.0}
    lines = [json.dumps({"step": n, **counters, "D(real)": 0.99, "D(fake)": 0.01}) for n in range(1, 21)]
    (folder / "scalars.jsonl").write_text("\n".join(lines) + "\n")
    assert ("The discriminator wins" in Page(render_run(folder)).text) == warned


def test_other_folders_and_damaged_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder of a run or of a comparison"):
        write_report(tmp_path)
    with pytest.raises(UsageError, match="it has no comparison"):
        render_comparison(tmp_path)
    (folder / "scores.jsonl").write_text('{"step": 3}\n')
    with pytest.raises(StorageError, match="damaged"):
        render_run(folder)
    (tmp_path / "comparison.json").write_text('{"schema": 1}')
    with pytest.raises(StorageError, match="damaged"):
        render_comparison(tmp_path)


def test_a_damaged_picture_is_left_out(folder: Path) -> None:
    (folder / "samples" / "step-000010.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    assert sum(tag == "img" for tag, _ in Page(render_run(folder)).tags) == 2


@pytest.mark.parametrize("kind", ["bomb", "eps", "pipe", "text"])
def test_a_sample_that_is_something_else_is_left_out(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_, **__: pytest.fail("a program was started"))
    sample = folder / "samples" / "step-000010.png"
    sample.unlink()
    if kind == "pipe":
        os.mkfifo(sample)
    else:
        eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
        sample.write_bytes({"bomb": png_header(9000, 9000), "eps": eps, "text": b"text"}[kind])
    assert sum(tag == "img" for tag, _ in Page(render_run(folder)).tags) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"configuration": {}},
        {"versions": 3},
        {"plugin": None},
        {"data": {"attributes": {}, "fingerprint": "x"}},
        {"data": {"attributes": {}, "fingerprint": "x", "skipped_files": [3], "skipped": "x"}},
    ],
)
def test_a_run_file_without_what_the_page_shows_is_damaged(folder: Path, change: dict[str, Any]) -> None:
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**content, **change}))
    with pytest.raises(StorageError, match="is damaged"):
        render_run(folder)


@pytest.mark.parametrize(
    ("size", "crop", "load_size", "shown"),
    [("16", True, 25, "24x24"), ("12x16", True, 24, "24x32"), ("16", False, 16, "16x16")],
)
def test_photos_in_the_grid_are_found_beside_their_paintings(
    folder: Path, size: str, crop: bool, load_size: int, shown: str
) -> None:
    """Where crops were taken, the grid has whole pictures, here in multiples of 8."""
    content = json.loads((folder / "run.json").read_text())
    chosen = {"size": size, "crop": crop, "load_size": load_size}
    content["configuration"] |= {key: {"value": value, "origin": "test"} for key, value in chosen.items()}
    (folder / "run.json").write_text(json.dumps({**content, "sources": content["data"]}))
    height, width = map(int, shown.split("x"))
    for file in (folder / "samples").glob("*.png"):
        Image.new("RGB", (4 * (width + 2) + 2, 3 * (height + 2) + 2)).save(file)
    assert "Every grid shows the same photos, each beside its painting" in render_run(folder)


@pytest.mark.parametrize("size", ["0x0", "x", "-2x-2", "1e9", "9" * 30, "٣x٣", "", "[]"])
def test_an_invalid_size_only_removes_before_and_after(folder: Path, size: str) -> None:
    assert pictures.before_after(folder / "samples" / "step-000010.png", size, limit=1000) is None


def check_harmless(text: str) -> Page:
    """The page has its own script only, no event handlers, no outside addresses, and shows hostile text as text."""
    page = Page(text)
    assert all(address.startswith("data:") for address in page.addresses())
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not [key for _, attrs in page.tags for key in attrs if key.startswith("on")]
    assert HARMLESS in page.text and "\x1b" not in text and "\u202e" not in text
    assert not re.search(r"url\(|@import|https?:", text)
    return page


def test_hostile_text_in_a_run_stays_text(hostile: Path) -> None:
    page = check_harmless(render_run(hostile))
    assert hostile.name in page.text
    write_report(hostile)
    assert (hostile / "report.html").is_file()


def test_a_comparison_shows_all_runs(folder: Path, tmp_path: Path) -> None:
    page = Page(render_comparison(comparison(tmp_path / "compared", "dcgan-x", [folder, Path("../run")])))
    for expected in ("Ranking", "500.0", "450.0 to 550.0", "reason of dcgan-x", "ganzoo compare dcgan-x", "no score"):
        assert expected in page.text
    assert sum(tag == "img" for tag, _ in page.tags) == 6
    assert sum(tag == "input" for tag, _ in page.tags) == 1


def test_an_unranked_comparison_says_why(folder: Path, tmp_path: Path) -> None:
    place = comparison(tmp_path / "compared", "x", [folder], ranked=False, why_not="the sizes differ")
    text = Page(render_comparison(place)).text
    assert "These scores are not ranked: the sizes differ" in text and "Ranking" not in text


def test_no_control_character_reaches_a_page_through_a_chart(folder: Path) -> None:
    names = ("loss\x1b[31m\x9b", "D(\u202e\x07)")
    lines = [json.dumps({"step": step, "images": step, **dict.fromkeys(names, step)}) for step in (1, 2)]
    (folder / "scalars.jsonl").write_text("".join(f"{line}\n" for line in lines))
    text = render_run(folder)
    assert text.replace("\n", "").isprintable() and "loss\ufffd[31m\ufffd" in text


def test_hostile_text_in_a_comparison_stays_text(hostile: Path, tmp_path: Path) -> None:
    check_harmless(render_comparison(comparison(tmp_path / "compared", HOSTILE, [hostile], budget=HOSTILE)))


def test_pictures_stay_within_the_size_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.effect_noise((1500, 1500), 100)
    for step in range(40):
        noise.save(folder / "samples" / f"step-{step:06d}.png", compress_level=0)
    monkeypatch.setattr(pictures, "_ATTEMPTS", ((600, 80), (300, 50), (60, 10)))
    text = render_run(folder)
    assert len(text) < 5_000_000
    assert sum(tag == "img" for tag, _ in Page(text).tags) == 24
    small = frame(folder / "samples" / "step-000001.png", step=1, at=1, label="", limit=2_000)
    assert small is not None and len(small.uri) < 3_000 and small.width == 60


@pytest.mark.parametrize(("count", "most"), [(1, 24), (24, 24), (25, 24), (1000, 24), (3, 1), (0, 5)])
def test_frames_are_spread_from_the_first_to_the_last(count: int, most: int) -> None:
    items = list(range(count))
    chosen = spread_out(items, most)
    assert len(chosen) == min(count, most) and chosen == sorted(set(chosen)) and chosen[-1:] == items[-1:]
    assert most == 1 or chosen[:1] == items[:1]


def test_curves_are_thinned_to_means_without_values_that_are_not_finite() -> None:
    assert thin([(i, 2.0 * i) for i in range(1000)], 400)[0] == (1.0, 2.0)
    assert len(thin([(i, i) for i in range(1000)], 400)) <= 400
    assert thin([(0, float("nan")), (1, float("inf")), (2, 5.0)]) == [(2.0, 5.0)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-0.02, 0.11, [0, 0.05, 0.1]), (31_000, 96_000, [40_000, 60_000, 80_000])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_a_chart_draws_band_floor_and_mark_where_the_values_are() -> None:
    line = Line(name="<b>", points=[(0, 1.0, 0.5, 1.5), (10, 3.0, 2.0, 4.0)])
    page = Page(draw(Chart(title="<i>&", x_label="x", lines=[line], floor=0.0, mark=(10, 3.0))))
    shapes = [(tag, attrs) for tag, attrs in page.tags]
    band = next(attrs["points"] for tag, attrs in shapes if tag == "polygon")
    curve = next(attrs["points"] for tag, attrs in shapes if tag == "polyline")
    mark = next(attrs for tag, attrs in shapes if attrs.get("class") == "mark")
    assert band and curve and len(band.split()) == 4 and len(curve.split()) == 2
    assert curve.split()[1] == f"{float(mark['cx'] or 0):g},{float(mark['cy'] or 0):g}"
    ys = {name: float(attrs["y1"] or 0) for _, attrs in shapes if (name := attrs.get("class")) == "floor"}
    assert ys["floor"] > float(curve.split()[0].split(",")[1]) > float(mark["cy"] or 0)
    assert page.tags[0][1]["aria-label"] == "<i>&" and not draw(Chart(title="", x_label="", lines=[]))


def test_a_single_value_can_be_drawn() -> None:
    for value in (0.0, 5.0, -3.0):
        Page(draw(Chart(title="", x_label="", lines=[Line(name="", points=[(0, value, value, value)])])))


def test_the_command_line_writes_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["report", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "report.html")
    assert (folder / "report.html").read_text(encoding="utf-8") == render_run(folder)
    assert run_command(["report", str(folder.parent)]) == 2


def test_training_writes_a_report_and_survives_when_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Listening(View):
        def notice(self, text: str) -> None:
            heard.append(text)

    heard: list[str] = []
    api.run("dcgan", tiny=True, budget="1steps", out=tmp_path / "a", device="cpu")
    report = tmp_path / "a" / "report.html"
    first = report.read_text(encoding="utf-8")
    api.resume(tmp_path / "a", budget="2steps")
    assert report.read_text(encoding="utf-8") != first

    def broken(folder: Path, **_: str) -> str:
        raise ValueError("nothing to see")

    monkeypatch.setattr("ganzoo.report_html.run_page.render_run", broken)
    run = api.run("dcgan", tiny=True, budget="1steps", out=tmp_path / "b", device="cpu", view=Listening())
    assert run.outcome == "done" and "no report.html for this run: ValueError: nothing to see" in heard
