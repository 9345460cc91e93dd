"""Run folders that an older ganzoo wrote (tests/legacy, by 0.1.0 at a8de762) are still of use."""

import json
import shutil
from pathlib import Path

import pytest

from ganzoo.cli import run_command
from ganzoo.comparing.rows import Row, why_unranked
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import recorded_scores

LEGACY = Path(__file__).with_name("legacy")
MODELS = ("dcgan", "cyclegan")
TIMES = {"seconds", "images_per_second"}


@pytest.fixture(params=MODELS)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the old run folder whose images are found where they lie now."""
    folder = tmp_path / request.param
    shutil.copytree(LEGACY / request.param, folder)
    for file in folder.glob("*.json"):
        file.write_text(file.read_text().replace("FOLDER/", f"{LEGACY}/"))
    return folder


def scalars(path: Path) -> dict[int, dict[str, float]]:
    """The logged values by step, those of time left out."""
    lines = map(json.loads, path.read_text().splitlines())
    return {line["step"]: {name: value for name, value in line.items() if name not in TIMES} for line in lines}


def test_it_resumes_with_the_numbers_that_the_old_code_got(run: Path) -> None:
    assert run_command(["run", "--resume", str(run), "--budget", "8steps"]) == 0
    found, expected = scalars(run / "scalars.jsonl"), scalars(LEGACY / f"{run.name}-8-steps.jsonl")
    assert found.keys() == expected.keys()
    for step in (7, 8):
        same = found[step].keys() & expected[step].keys()
        assert {name for name in expected[step] if not name.startswith("D(")} <= same
        # The last digits depend on the processor.
        assert {k: found[step][k] for k in same} == pytest.approx({k: expected[step][k] for k in same}, rel=1e-3)


def test_it_samples_evaluates_and_reports(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sample", str(run), "--out", str(run / "grid.png")]) == 0
    assert run_command(["evaluate", str(run), "--quick", "--format", "json"]) == 0
    assert run_command(["report", str(run)]) == 0
    assert (run / "grid.png").is_file() and "KID-lite0" in (run / "report.html").read_text()
    assert '"step": 6' in capsys.readouterr().out


def test_an_old_translator_gets_a_painted_score_that_is_not_ranked_with_old_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("old", "new"):
        shutil.copytree(LEGACY / "cyclegan", tmp_path / name)
        for file in (tmp_path / name).glob("*.json"):
            file.write_text(file.read_text().replace("FOLDER/", f"{LEGACY}/"))
    assert run_command(["evaluate", str(tmp_path / "new"), "--encoder", "lite0", "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    protocol = found["protocol"]
    assert (protocol["metric"], protocol["version"], protocol["size"]) == ("left-lite0", 3, "16x16")
    assert protocol["painted_at"] == "16x16" and found["ceiling"] == 100
    (before, *_), after = recorded_scores(tmp_path / "old"), Evaluation.from_dict({**found, "beside": []})
    assert (before.protocol.version, before.protocol.name, before.beside) == (1, "quick score", ())
    rows = [Row(name=name, seed=0, folder=name, last=one) for name, one in (("old", before), ("new", after))]
    assert why_unranked(rows) == "old has a quick score, new a painted score"


def test_an_old_translator_still_paints(tmp_path: Path) -> None:
    folder = tmp_path / "cyclegan"
    shutil.copytree(LEGACY / "cyclegan", folder)
    photo = LEGACY / "photos" / "00.png"
    assert run_command(["stylize", str(folder), str(photo), "--out", str(tmp_path / "painted")]) == 0
    assert any((tmp_path / "painted").iterdir())


def test_an_old_option_means_the_new_one(run: Path) -> None:
    recorded = json.loads((run / "run.json").read_text())["configuration"]
    assert "setbacks" in recorded and "rollbacks" not in recorded
    assert run_command(["run", "--resume", str(run), "--budget", "7steps", "--set", "setbacks=5"]) == 0
    changed = json.loads((run / "run.json").read_text())["configuration"]
    assert changed["rollbacks"]["value"] == 5 and "setbacks" not in changed


def test_the_command_that_started_it_continues_it(run: Path) -> None:
    """Options that are younger than the run have their defaults in it."""
    content = json.loads((run / "run.json").read_text())["configuration"]
    given = [f"{key}={entry['value']}" for key, entry in content.items() if entry["origin"] in ("flag", "set")]
    sides = ("data", "data.path", "style", "style.path", "setbacks", "budget")
    sets = [f"--set={text}" for text in given if text.partition("=")[0] not in sides]
    folders = [f"--data={content['data.path']['value']}"]
    folders += [f"--style={content['style.path']['value']}"] if "style.path" in content else []
    command = ["run", run.name, "--tiny", "--continue", "--out", str(run), "--budget", "7steps", *folders, *sets]
    assert run_command(command) == 0
    assert max(scalars(run / "scalars.jsonl")) == 7
