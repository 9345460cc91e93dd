"""Whole comparisons of tiny models, through the command line."""

import contextlib
import io
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import ganzoo
from ganzoo.cli import run_command
from ganzoo.comparing.plan import settings_of
from ganzoo.data.split import split

TINY = [
    "--tiny",
    "--budget",
    "4steps",
    "--threads",
    "1",
    "--score-images",
    "50",
    "--set",
    "held_out=0.4",
    "--set",
    "device=cpu",
]


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(*arguments: str, code: int = 0) -> None:
    assert run_command(["compare", *TINY, *arguments]) == code


def content(folder: str = "out") -> dict[str, object]:
    return json.loads(Path(folder, "comparison.json").read_text())


FOUR = ("dcgan", "wgan", "--seeds", "2", "--out", "out")


@pytest.fixture(scope="module")
def first_call(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder with a comparison of two models with two seeds, and what was said while it was made."""
    folder = tmp_path_factory.mktemp("compared")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        compare(*FOUR, "--record")
    return folder, out.getvalue(), err.getvalue()


@pytest.fixture
def compared(first_call: tuple[Path, str, str], workplace: Path) -> None:
    """A copy of that comparison, in the folder of the test."""
    shutil.copytree(first_call[0], workplace, dirs_exist_ok=True)


def test_models_are_trained_scored_and_ranked(
    first_call: tuple[Path, str, str], compared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said, told = first_call
    assert "KID-lite0 x1000" in said and "4 results appended to registry.yaml" in told
    written = content()
    assert [(row["name"], row["seed"], row["status"]) for row in written["rows"]] == [
        ("dcgan", 0, "done"), ("dcgan", 1, "done"), ("wgan", 0, "done"), ("wgan", 1, "done"),
    ]  # fmt: skip
    assert written["ranked"] and {one["rank"] for one in written["summary"]} <= {1, 2}
    for row in written["rows"]:
        assert row["best"]["score"]["low"] <= row["best"]["score"]["value"] <= row["best"]["score"]["high"]
        assert row["steps"] == 4 and row["seconds"] > 0 and row["peak_memory_mb"] > 100
    protocols = [row["last"]["protocol"] for row in written["rows"]]
    assert all(protocol == protocols[0] for protocol in protocols)
    results = yaml.safe_load(Path("registry.yaml").read_text())["results"]
    assert len(results) == 4 and {result["name"] for result in results} == {"dcgan", "wgan"}
    assert run_command(["list", "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "KID-lite0, scenes, 4steps" in rows["dcgan"]["score"] and "4steps" not in rows["lsgan"]["score"]
    assert run_command(["show", "wgan"]) == 0
    assert "recorded results" in capsys.readouterr().out


def test_a_second_call_trains_nothing_again_and_a_different_plan_is_refused(
    compared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in Path("out").glob("*/scores.jsonl")}
    compare(*FOUR)
    assert len(before) == 4 and {path: path.read_bytes() for path in before} == before
    assert "starts" not in capsys.readouterr().out
    compare("dcgan", "wgan", "--seeds", "3", "--out", "out", code=2)
    assert "other seeds" in capsys.readouterr().err
    Path("full").mkdir()
    Path("full/file").write_text("")
    compare("dcgan", "--out", "full", code=2)
    assert "left alone" in capsys.readouterr().err


def test_a_model_that_fails_is_a_row_and_the_others_continue(compared: None) -> None:
    blocked, missing = Path("out", "wgan-0"), Path("out", "wgan-1")
    for folder in (blocked, missing):
        shutil.rmtree(folder)
    blocked.write_text("a file in the way of the run")
    compare(*FOUR, code=1)
    rows = {(row["name"], row["seed"]): row for row in content()["rows"]}
    assert [row["status"] for row in rows.values()] == ["done", "done", "failed", "done"]
    assert "can't write to" in rows["wgan", 0]["reason"] and (missing / "scores.jsonl").is_file()
    assert {one["name"] for one in content()["summary"]} == {"dcgan", "wgan"}


def test_what_is_not_known_of_a_run_that_was_killed_is_left_empty(compared: None) -> None:
    for killed in ("dcgan-0", "wgan-0"):
        Path("out", killed, "summary.json").unlink()
    runs = [f"out/{name}" for name in ("dcgan-0", "wgan-0", "wgan-1")]
    assert run_command(["compare", *runs, "--out", "joint", "--record"]) == 0
    first, _, last = content("joint")["rows"]  # type: ignore[misc]
    assert first["steps"] is None and first["peak_memory_mb"] is None and last["steps"] == 4
    assert '<td class="number">–</td>' in Path("joint/report.html").read_text()  # noqa: RUF001  # a dash
    results = yaml.safe_load(Path("registry.yaml").read_text())["results"][-3:]
    assert ["steps" in result for result in results] == [False, False, True]


def test_finished_runs_are_compared_but_not_ranked_when_their_protocols_differ(
    capsys: pytest.CaptureFixture[str],
) -> None:
    common = [
        "--tiny",
        "--budget",
        "2steps",
        "--set",
        "device=cpu",
        "--set",
        "held_out=0.4",
        "--set",
        "score_images=50",
    ]
    assert run_command(["run", "dcgan", *common, "--out", "one"]) == 0
    assert run_command(["run", "lsgan", *common, "--set", "data.count=80", "--out", "two"]) == 0
    capsys.readouterr()
    assert run_command(["compare", "one", "two", "--out", "out"]) == 2
    said = capsys.readouterr()
    assert "'data' differs" in said.err and "not ranked" in said.err
    assert "one" in said.out and "two" in said.out
    assert [one["rank"] for one in content()["summary"]] == [None, None]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dcgam"], "Did you mean 'dcgan'?"),
        (["dcgan", "dcgan"], "more than once"),
        (["dcgan", "--set", "budget=3steps"], "a comparison sets it for all runs"),
        (["dcgan", "--budget", "long"], "budget='long'"),
        (["dcgan", "--set", "lrr=1"], "Did you mean 'lr'?"),
        (["dcgan", "--encoder", "lite1"], "Did you mean 'lite0'?"),
    ],
)
def test_a_mistake_is_reported_before_anything_is_trained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run_command(["compare", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err and len(err.splitlines()) == 1
    assert not Path("comparisons").exists()


@pytest.mark.slow
def test_ctrl_c_saves_and_the_same_command_resumes(workplace: Path) -> None:
    command = [sys.executable, "-m", "ganzoo", "compare", "dcgan", *TINY, "--out", "out"]
    command[command.index("4steps")] = "200steps"
    process = subprocess.Popen(
        command,
        cwd=workplace,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A shell makes its background jobs and their children ignore ctrl-C. These tests may be such a job.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 180
    while not (workplace / "out/dcgan-0/scalars.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=90)[0].decode()
    assert process.returncode == 130, said
    assert "the same --out resumes" in said
    steps = [int(path.name.removeprefix("step-")) for path in (workplace / "out/dcgan-0/checkpoints").glob("step-*")]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert max(steps) < 200 and "dcgan, seed 0: resumes" in done.stdout
    assert content(str(workplace / "out"))["rows"][0]["steps"] == 200  # type: ignore[index]


def test_a_tiny_comparison_holds_out_enough_to_be_scored() -> None:
    given = {"budget": "20steps", "seeds": 1, "jobs": 1, "threads": 1, "tiny": True}
    options = settings_of(["dcgan"], options={}, **given).options
    assert len(split(64, options["held_out"]).held_out) == 16
    assert settings_of(["dcgan"], options={"held_out": 0.5}, **given).options["held_out"] == 0.5


@pytest.mark.slow
def test_the_call_in_the_docs_works_by_the_letter(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    page = (Path(__file__).parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
    names: dict[str, list[dict[str, object]]] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], names)
    assert [row["status"] for row in names["rows"]] == ["done", "done"]


@pytest.mark.slow
def test_a_notebook_compares_with_one_call(workplace: Path) -> None:
    done = ganzoo.compare(
        ["dcgan", "wgan"],
        tiny=True,
        budget="4steps",
        score_images=50,
        options={"held_out": 0.4, "device": "cpu"},
        out=workplace / "out",
        record=workplace / "registry.yaml",
    )
    rows = done.to_rows()
    assert [(row["name"], row["status"], row["steps"]) for row in rows] == [("dcgan", "done", 4), ("wgan", "done", 4)]
    assert len(yaml.safe_load((workplace / "registry.yaml").read_text())["results"]) == 2
    with pytest.raises(ganzoo.UsageError, match="seed: a comparison sets it"):
        ganzoo.compare(["dcgan"], options={"seed": 1})
    with pytest.raises(ganzoo.UsageError, match="budget='soon'"):
        ganzoo.compare(["dcgan"], budget="soon")


@pytest.mark.slow
def test_runs_of_several_comparisons_are_put_into_one_table(workplace: Path) -> None:
    common = {"score_images": 50, "options": {"held_out": 0.4, "device": "cpu"}, "tiny": True, "budget": "10steps"}
    made = [ganzoo.compare([name], out=workplace / name, **common).rows[0] for name in ("dcgan", "wgan")]
    short = ganzoo.compare(["lsgan"], out=workplace / "lsgan", **{**common, "budget": "4steps"}).rows[0]
    runs = [one.folder for one in (*made, short)]
    joint = ganzoo.compare(runs, out=workplace / "joint", record=workplace / "registry.yaml")
    assert [row.best for row in joint.rows] == [row.last for row in (*made, short)], "all by their last"
    assert [row.budget for row in joint.rows] == ["10steps", "10steps", "4steps"]
    assert content(str(workplace / "joint"))["budget"] == "10steps and 4steps"
    assert {row.chosen for row in joint.rows} == {"the last score"}, "lsgan was scored four times, not ten"
    kept = yaml.safe_load((workplace / "registry.yaml").read_text())["results"]
    assert [(result["name"], result["budget"]) for result in kept] == [
        ("dcgan", "10steps"),
        ("wgan", "10steps"),
        ("lsgan", "4steps"),
    ]


@pytest.mark.slow
def test_a_comparison_of_translators_shows_how_much_content_they_keep(capsys: pytest.CaptureFixture[str]) -> None:
    style = ("--style", "scenes", "--set", "style.count=64", "--set", "style.rendition=watercolour")
    compare("fastcut", "lptn", *style, "--out", "out", "--record", "--budget", "2steps")
    said = capsys.readouterr().out
    assert "painting 26 photos and looking at photos and paintings by lite0" in said
    assert "left-lite0" in said and "26 held-out photos, painted at 16x16 px" in said and "contours" in said
    result = yaml.safe_load(Path("registry.yaml").read_text())["results"][0]
    assert (result["data"], result["style"]) == ("scenes", "scenes") and 0 < result["content"] <= 1
    assert (result["metric"], result["version"], result["crops"]) == ("left-lite0", 3, "2 of 8x8")
    last = content()["rows"][1]["last"]  # type: ignore[index]
    assert run_command(["evaluate", "out/lptn-0", "--encoder", "lite0", "--format", "json"]) == 0
    row = json.loads(capsys.readouterr().out)[0]
    assert row["protocol"]["sources"] and {"content", "contours", "psnr"} <= row["others"].keys()
    assert (row["protocol"], row["score"]) == (last["protocol"], pytest.approx(last["score"]))
    assert run_command(["compare", "out/lptn-0", "--quick", "--out", "quick"]) == 0
    said = capsys.readouterr().out
    assert "KID-lite0 x1000" in said and "quick score: thumbnails of 16x16 px, 26 held-out photos translated," in said
    assert run_command(["evaluate", "out/lptn-0", "--quick"]) == 0
    said = capsys.readouterr().out
    assert "quick score, step " in said and "held out: 26 of " in said and " photos, at 16x16 px; data " in said
    assert run_command(["list", "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "% left (" in rows["fastcut"]["score"] and "by lite0, content" in rows["fastcut"]["score"]
    assert run_command(["report", "out/lptn-0"]) == 0
    page = Path("out/lptn-0/report.html").read_text()
    assert "Painted scores" in page and "% left by lite0" in page and "Quick scores" in page
    assert "% left by lite0" in Path("out/report.html").read_text()
