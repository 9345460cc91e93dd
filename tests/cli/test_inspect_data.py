"""`ganzoo data inspect` from end to end."""

import json
from pathlib import Path

import pytest
from PIL import Image

from ganzoo.cli import run_command
from ganzoo.engine.device import choose_device
from tests.data.pictures import landscape, save


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        save(landscape(seed), tmp_path / "photos" / f"{seed}.jpg")
        save(landscape(seed + 10), tmp_path / "style" / f"{seed}.jpg")
    save(landscape(0), tmp_path / "photos" / "again.jpg", quality=40)
    (tmp_path / "photos" / "line\nbreak.jpg").write_bytes(b"text")
    (tmp_path / "empty").mkdir()
    return tmp_path / "photos"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = run_command(["--no-plugins", "data", "inspect", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_table_names_what_is_wrong_and_what_to_run(capsys):
    code, out, err = run(capsys, "photos", "--style", "style", "--held-out", "style", "--no-estimate")
    assert (code, err) == (0, "")
    for words in ("can't be used", "line\\nbreak.jpg", "again.jpg", "JPEG quality", "advice: ganzoo run", "held-out"):
        assert words in out
    assert "pictures that data and style share: none" in out
    assert "pictures that style and held-out share: 3 exact" in out


def test_json_and_yaml_are_all_that_is_printed(capsys):
    import yaml

    code, out, err = run(capsys, "photos", "--style", "style", "--no-estimate", "--format", "json")
    [found] = json.loads(out)
    assert (code, err) == (0, "")
    assert found["sides"]["data"]["usable"] == 4 and found["sides"]["style"]["usable"] == 3
    assert len(found["files"]) == 8 and [pair["kind"] for pair in found["pairs"]] == ["near"]
    assert found["gap"]["distance"] > 0 and found["advice"]["model"] and found["advice"]["reasons"]
    assert yaml.safe_load(run(capsys, "photos", "--style", "style", "--no-estimate", "--format", "yaml")[1]) == [found]
    assert run(capsys, "photos", "--no-estimate", "--format", "names")[1] == "line break.jpg\n"  # a name a line


def test_the_time_is_measured_for_the_model_that_is_named(capsys, monkeypatch):
    monkeypatch.setattr("ganzoo.engine.throughput._MOST_ROUNDS", 1)
    [found] = json.loads(run(capsys, "photos", "--model", "lsgan-laptop", "--format", "json")[1])
    pace = found["advice"]["pace"]
    assert found["advice"]["model"] == "lsgan-laptop"
    assert pace["steps"] == 1 and pace["seconds_per_1000"] > 0 and pace["device"]


def test_the_time_is_measured_in_the_precision_that_the_training_would_have(capsys, monkeypatch):
    asked = []

    def choose(configuration, attributes, device):
        asked.append((configuration.model.spec.name, configuration.settings.crop, device.type))
        return "bf16", ""

    monkeypatch.setattr("ganzoo.engine.throughput._MOST_ROUNDS", 1)
    monkeypatch.setattr("ganzoo.engine.precision.choose", choose)
    assert " in bf16 (1 steps measured)" in run(capsys, "photos", "--model", "lsgan-laptop")[1]
    assert asked == [("lsgan", False, choose_device("auto").type)]


def test_a_translator_is_measured_and_the_advice_names_the_style(capsys, monkeypatch):
    monkeypatch.setattr("ganzoo.engine.throughput._MOST_ROUNDS", 1)
    code, out, err = run(capsys, "photos", "--style", "style")
    assert (code, err) == (0, "")
    assert "ganzoo run fastcut-laptop --data photos --style style --size " in out and "s per 1,000 images" in out
    assert "give a few hundred" in out


def test_the_sheet_and_the_copy_are_written(capsys, tmp_path):
    code, out, err = run(capsys, "photos", "--no-estimate", "--sheet", "sheet.png", "--fix", "clean")
    assert (code, err) == (0, "")
    assert "3 copied, 0 changed, 2 left out" in out
    with Image.open("sheet.png") as sheet:
        assert sheet.width > 1000
    assert len(list((tmp_path / "clean").glob("*.jpg"))) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("nowhere", 3, "no folder 'nowhere'"),
        ("empty", 3, "no images in"),
        ("photos --style nowhere", 3, "no folder 'nowhere'"),
        ("photos --model dcgam", 2, "Did you mean 'dcgan'?"),
        ("photos --sheet sheet.txt", 2, "the ending must be one of"),
        ("photos --sheet photos/sheet.png", 2, "never touched"),
        ("photos --fix photos/clean", 2, "never touched"),
        ("photos --fix style", 2, "exists already"),
        ("scenes --fix clean", 2, "--fix needs a folder"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(capsys, tmp_path, arguments, code, words):
    before = sorted(tmp_path.rglob("*"))
    result, out, err = run(capsys, *arguments.split())
    assert (result, out) == (code, "")
    assert words in err and len(err.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_of_which_nothing_can_be_used_exits_with_3(capsys, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_bytes(b"text")
    code, out, err = run(capsys, "bad", "--sheet", "sheet.png")
    assert (code, err) == (3, "")
    assert "nothing in the data can be used" in out


def test_a_data_set_without_files_is_looked_at_too(capsys, monkeypatch):
    monkeypatch.setattr("ganzoo.data.inspect.survey.DRAWN", 6)
    code, out, err = run(capsys, "scenes", "--no-estimate", "--sheet", "sheet.png")
    assert (code, err) == (0, "")
    assert "4000 (6 measured)" in out and "season 4" in out


def test_it_says_what_folders_are_and_what_is_left_out(capsys, photos):
    for seed, name in enumerate(("trainA/a.jpg", "trainB/b.jpg", "@eaDir/c.jpg", "__MACOSX/._d.jpg")):
        save(landscape(seed), photos.parent / "sides" / name)
    (photos.parent / "sides" / "broken").mkdir()
    (photos.parent / "sides" / "broken" / "e.jpg").write_bytes(b"text")
    code, out, err = run(capsys, "sides", "--no-estimate")
    assert (code, err) == (0, "")
    assert " pictures            3 " in out and " labels              folder 2 " in out
    assert "its 3 folders are labels: broken (1), trainA (1), trainB (1)" in out
    assert "--data " in out and "sides/trainB" in out
    assert "left out as hidden, a system's or a run's: @eaDir (1), __MACOSX (1)" in out
    [found] = json.loads(run(capsys, "sides", "--no-estimate", "--format", "json")[1])
    assert len(found["sides"]["data"]["remarks"]) == 3 and found["sides"]["data"]["labels"] == {"folder": 2}


def test_a_cleaned_copy_has_the_users_pictures_only(capsys, photos):
    for name in ("@eaDir/0.jpg/thumb.jpg", "#recycle/x.jpg", "deep/y.jpg"):
        save(landscape(len(name)), photos / name)
    assert run(capsys, "photos", "--no-estimate", "--fix", "copy")[0] == 0
    assert {path.name for path in Path("copy").iterdir()} == {"0.jpg", "1.jpg", "2.jpg", "deep", "cleaned.json"}


def test_progress_is_shown_in_a_pipe_after_a_while(capsys, monkeypatch):
    monkeypatch.setattr("ganzoo.cli.inspect_data._TOLD_EVERY", 0.0)
    for form in ("table", "json"):
        _, out, err = run(capsys, "photos", "--no-estimate", "--format", form)
        assert "read 5 of 5 images" in err and "read 5" not in out
