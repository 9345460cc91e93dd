"""Runs and comparisons of others: whatever is in their files, one run is one failed row, and no file is read whole."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ganzoo.cli import run_command
from ganzoo.comparing.jobs import is_done
from ganzoo.comparing.plan import can_resume, settings_of
from ganzoo.comparing.processes import failure_reason, log_file
from ganzoo.errors import UsageError

ONE = "dcgan --tiny --budget 4steps --threads 1 --score-images 50 --set held_out=0.4 --set device=cpu --out out"
SETTINGS = settings_of(["dcgan"], budget="4steps", seeds=1, options={}, jobs=1, threads=1, tiny=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a comparison of one run."""
    folder = tmp_path_factory.mktemp("compared")
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert run_command(["compare", *ONE.split()]) == 0
    return folder


@pytest.fixture
def runs(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two copies of the run, `good` and `bad`, in the working folder, beside the comparison."""
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    for name in ("good", "bad"):
        shutil.copytree(tmp_path / "out" / "dcgan-0", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(file: str, *keys: str | int, to: object) -> Callable[[Path], None]:
    """Sets a value in a JSON file, or in the lines of a log."""

    def apply(run: Path) -> None:
        path = run / file
        lines = path.read_text().splitlines() if file.endswith("jsonl") else [path.read_text()]
        for number, line in enumerate(lines):
            content = json.loads(line)
            place = content
            for key in keys[:-1]:
                place = place[key]
            place[keys[-1]] = to
            lines[number] = json.dumps(content)
        path.write_text("\n".join(lines) + "\n")

    return apply


def replaced(file: str, text: str) -> Callable[[Path], None]:
    return lambda run: (run / file).write_text(text) and None


def large(file: str) -> Callable[[Path], None]:
    """A file of 2 GB, of which the disk holds nothing."""
    return lambda run: os.truncate(run / file, 2_000_000_000)


def linked(run: Path) -> None:
    (run / "samples" / "step-000001.png").symlink_to("/etc/hostname")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "large run.json": large("run.json"),
    "large summary.json": large("summary.json"),
    "deep run.json": replaced("run.json", "[" * 100_000),
    "deep summary.json": replaced("summary.json", '{"a":' * 100_000),
    "infinite seed": change("run.json", "configuration", "seed", "value", to=float("inf")),
    "seed as text": change("run.json", "configuration", "seed", "value", to="0"),
    "no seed": change("run.json", "configuration", "seed", to={"value": None, "origin": "set"}),
    "score as text": change("scores.jsonl", "score", "value", to="0.1"),
    "floor as list": change("scores.jsonl", "floor", to=[1, 2, 3]),
    "others as number": change("scores.jsonl", "others", to=3),
    "metric as number": change("scores.jsonl", "protocol", "metric", to=3),
    "metric of megabytes": change("scores.jsonl", "protocol", "metric", to="x" * 1_000_000),
    "count as text": change("scores.jsonl", "protocol", "n_fake", to="50"),
    "steps as text": change("summary.json", "steps", to="\x1b[2J"),
    "seconds as list": change("summary.json", "seconds", to=[1]),
    "parameters as text": change("run.json", "parameters", to={"generator": "many"}),
    "a link that leads out": linked,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_damaged_run_is_one_failed_row(
    runs: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(runs / "bad")
    assert run_command(["compare", "good", "bad", "--out", "both"]) == 1, capsys.readouterr()
    good, bad = json.loads((runs / "both" / "comparison.json").read_text())["rows"]
    assert (good["status"], bad["status"]) == ("done", "failed") and bad["reason"] and good["best"]
    assert "\x1b" not in (runs / "both" / "report.html").read_text() + capsys.readouterr().out


def test_so_is_a_published_file_that_is_cut_off(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["publish", "good", "--out", "bad.safetensors"]) == 0
    file = runs / "bad.safetensors"
    os.truncate(file, file.stat().st_size - 100)
    assert run_command(["compare", "good", file.name, "--out", "both"]) == 1, capsys.readouterr()
    good, bad = json.loads((runs / "both" / "comparison.json").read_text())["rows"]
    assert (good["status"], bad["status"], bad["name"]) == ("done", "failed", file.name) and file.name in bad["reason"]


def test_a_summary_that_is_too_large_is_none(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"outcome": "done"}')
    assert is_done(tmp_path)
    for text in ("[" * 100_000, '{"outcome": 3}', "[]"):
        (tmp_path / "summary.json").write_text(text)
        assert not is_done(tmp_path)
    os.truncate(tmp_path / "summary.json", 2_000_000_000)
    assert not is_done(tmp_path)


def test_of_a_large_log_the_end_is_read(tmp_path: Path) -> None:
    log = log_file(tmp_path / "run")
    log.write_text("")
    os.truncate(log, 2_000_000_000)
    with log.open("a") as file:
        file.write("\nganzoo: it failed\n\n")
    assert failure_reason(tmp_path / "run") == "it failed"
    log.unlink()
    os.mkfifo(log)
    assert failure_reason(tmp_path / "run") == "it was not started"


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", '{"settings": 3}', '{"settings": NaN}', "{}"])
def test_a_damaged_comparison_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "comparison.json").write_text(text)
    with pytest.raises(UsageError, match=r"comparison.json is damaged.*give another --out"):
        can_resume(tmp_path, SETTINGS)


def test_a_large_comparison_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text(json.dumps({"settings": SETTINGS.to_dict()}))
    assert can_resume(tmp_path, SETTINGS)
    os.truncate(tmp_path / "comparison.json", 2_000_000_000)
    with pytest.raises(UsageError, match="at most"):
        can_resume(tmp_path, SETTINGS)


def test_what_a_killed_process_left_is_no_comparison(tmp_path: Path) -> None:
    for name in (".lock", ".owner.json", f".{16 * 'a'}.part.json"):
        (tmp_path / name).write_text("")
    assert not can_resume(tmp_path, SETTINGS)


def test_links_that_lead_out_of_a_comparison_are_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "out" / "dcgan-1").symlink_to("/etc")
    assert run_command(["report", "out"]) == 2
    assert run_command(["compare", *ONE.split()]) == 2
    assert capsys.readouterr().err.count("is a link that leads out of") == 2
