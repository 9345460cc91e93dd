"""`ganzoo evaluate`: the same figures as while training, in three forms, and mistakes in one line."""

import json

import numpy as np
import pytest
import yaml
from PIL import Image

from ganzoo import api
from ganzoo.cli import run_command
from ganzoo.comparing.evaluator import Evaluator
from ganzoo.config.resolve import open_catalog
from ganzoo.runs.logs import recorded_painted, recorded_scores
from ganzoo.runs.view import View
from ganzoo.stylize.stylizer import StylizeOptions
from tests.installed import importable

OPTIONS = {"device": "cpu", "budget": "6steps", "score_every": "3steps", "score_images": 50, "data.count": 200}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A tiny run that was scored at steps 3 and 6 through lite0."""
    return api.run("dcgan", tiny=True, options=OPTIONS, out=tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A tiny run of a translator that was never scored."""
    style = {"style": "scenes", "style.count": 64, "style.rendition": "watercolour"}
    options = {**OPTIONS, **style, "budget": "1steps", "score_every": None, "held_out": 0.2, "data.count": 80}
    return api.run("lptn", tiny=True, options=options, out=tmp_path_factory.mktemp("runs") / "translator")


@pytest.fixture
def evaluate(run, capsys):
    def call(*arguments, folder=run.folder):
        capsys.readouterr()
        code = run_command(["--no-plugins", "evaluate", str(folder), *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def entry(out):
    (row,) = json.loads(out)
    return row


def test_a_new_evaluation_gives_what_the_run_recorded(run, evaluate):
    first, last = recorded_scores(run.folder)
    code, out, _ = evaluate("--format", "json")
    assert code == 0
    assert entry(out)["score"] == pytest.approx(last.to_dict()["score"])
    assert entry(out)["others"] == pytest.approx(last.to_dict()["others"])
    assert entry(out)["protocol"] == last.to_dict()["protocol"] and entry(out)["step"] == 6
    best = min(first, last, key=lambda e: e.score.value)
    for which, expected in (("BEST", best), (first.step, first)):
        found = entry(evaluate("--checkpoint", which, "--format", "json")[1])
        assert (found["step"], found["score"]["value"]) == (expected.step, pytest.approx(expected.score.value))


def test_the_table_says_what_everything_means(run, evaluate):
    code, out, _ = evaluate()
    last = recorded_scores(run.folder)[-1]
    assert code == 0
    lines = {line.split("  ")[0].strip(): line for line in out.splitlines()}
    score = last.score
    assert f"{1000 * score.value:.1f} ({1000 * score.low:.1f} to {1000 * score.high:.1f})" in lines["KID-lite0 x1000"]
    assert f"{1000 * last.ceiling:.1f}" in lines["ceiling"] and f"{1000 * last.floor.value:.1f}" in lines["floor"]
    for name, value in last.others.items():
        assert f"{value:.3f}" in lines[name] and len(lines[name].split()) > 7
    assert "step 6, averaged weights (EMA); 50 images drawn, 20 real ones" in out
    assert f"encoder: lite0 {last.protocol.encoder[:12]}; bicubic-aa" in out
    assert "held out: 20 of 200 images at 16x16 px" in out


def test_yaml(evaluate):
    code, out, _ = evaluate("--format", "yaml")
    (row,) = yaml.safe_load(out)
    assert code == 0 and row["weights"] == "ema" and row["score"]["low"] < row["score"]["high"]


def test_the_number_of_images_is_part_of_the_protocol(run, evaluate):
    found = entry(evaluate("-n", 60, "--format", "json")[1])
    assert found["protocol"]["n_fake"] == 60
    assert {**found["protocol"], "n_fake": 50} == recorded_scores(run.folder)[-1].protocol.to_dict()


def test_other_images_that_have_other_labels(tmp_path, evaluate):
    rng = np.random.default_rng(0)
    for kind in ("north", "south"):
        (tmp_path / kind).mkdir()
        for number in range(100):
            pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / kind / f"{number}.png")
    code, out, err = evaluate("--data", tmp_path, "--format", "json")
    assert code == 0 and "labels are not those of these images" in err
    assert entry(out)["protocol"]["held_out"] == "20 of 200"
    assert entry(out)["score"]["value"] > 0.1


def test_an_encoder_takes_its_options(run, evaluate):
    usual = entry(evaluate("--format", "json")[1])
    code, out, _ = evaluate("--format", "json", "--set", "encoder.least=64")
    assert code == 0 and "shorter side at least 64" in entry(out)["protocol"]["preprocessing"]
    assert entry(out)["score"] != usual["score"] and entry(out)["protocol"] != usual["protocol"]


def test_of_other_images_any_part_may_be_scored_on(run, evaluate, tmp_path):
    for number in range(60):
        Image.new("RGB", (16, 16), (4 * number, 100, 0)).save(tmp_path / f"{number:02d}.png")
    code, out, _ = evaluate("--data", tmp_path, "--set", "held_out=0.9", "--format", "json")
    assert code == 0 and entry(out)["protocol"]["n_real"] == 54


def test_images_that_have_changed_are_told(run, evaluate, tmp_path):
    file = run.folder / "run.json"
    content = file.read_text()
    file.write_text(content.replace('"fingerprint": "scenes:', '"fingerprint": "scenes:0'))
    code, out, err = evaluate("--format", "json")
    file.write_text(content)
    assert code == 0 and "images have changed since the run was trained" in err and entry(out)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--checkpoint", "99"], 6, "no checkpoint of step 99"),
        (["--encoder", "lit0"], 2, "no encoder 'lit0'. Did you mean 'lite0'?"),
        (["--data", "/no/such"], 3, "no folder '/no/such'"),
        (["-n", "20"], 2, "'-n': 20 is not in the range 50<=x<=50000"),
        (["--set", "encoder.least=wide"], 2, "encoder.least='wide': give a whole number"),
        (["--stroke", "0"], 2, "'--stroke': 0.0 is not in the range 0<x<=16"),
        (["--stroke", "2"], 2, "--stroke is for translators, and this model paints no photos"),
        (["--detail", "1"], 2, "--detail is for translators"),
        (["--device", "tpu"], 2, "device='tpu'"),
        (["--set", "encoder.leest=64"], 2, "encoder.leest"),
        (["--set", "batch=4"], 2, "stays as it was trained"),
        (["--set", "held_out=0.9"], 2, "stays as it was trained"),
        (["--format", "names"], 2, "'names' is not one of"),
    ],
)
def test_a_mistake_is_one_line(evaluate, arguments, code, told):
    found, out, err = evaluate(*arguments)
    assert found == code and out == "" and told in err and len(err.strip().splitlines()) == 1


def test_photos_are_painted_at_the_stroke_and_detail_that_are_asked_for(translator, evaluate):
    asked = ("--encoder", "lite0", "--format", "json")
    scores = {}
    for name, more in (("plain", ()), ("coarse", ("--stroke", 16)), ("bare", ("--stroke", 16, "--detail", 0))):
        code, out, err = evaluate(*asked, *more, folder=translator.folder)
        assert code == 0, err
        scores[name] = entry(out)
    painting = {name: one["protocol"]["painting"] for name, one in scores.items()}
    assert "stroke 1.0, detail 0.35" in painting["plain"]
    assert "stroke 16.0, detail 0.35" in painting["coarse"] and "stroke 16.0, detail 0.0" in painting["bare"]


def test_only_what_paints_photos_has_a_stroke(translator, evaluate):
    code, out, err = evaluate("--quick", "--stroke", 2, folder=translator.folder)
    assert code == 2 and out == "" and err == "ganzoo: --stroke is for the painted score: leave it out, or --quick\n"


def test_a_score_at_another_stroke_is_not_kept_as_that_of_the_run(translator):
    catalog = open_catalog(third_party=False)
    for stroke in (2.0, 1.0):
        Evaluator(catalog, View(), further=(), options=StylizeOptions(stroke=stroke)).evaluate(translator.folder)
    (kept,) = recorded_painted(translator.folder)
    assert "stroke 1.0" in kept.protocol.painting


def test_a_folder_that_is_no_run(evaluate, tmp_path):
    code, out, err = evaluate(folder=tmp_path)
    assert code == 2 and out == "" and "not a run folder" in err


def test_a_run_that_was_never_scored_has_no_best(tmp_path, evaluate):
    plain = api.run("dcgan", tiny=True, options={**OPTIONS, "score_every": None}, out=tmp_path / "plain")
    code, _, err = evaluate("--checkpoint", "BEST", folder=plain.folder)
    assert code == 6 and "--score-every" in err


def test_too_little_data_is_exit_3(tmp_path, evaluate):
    few = {**OPTIONS, "score_every": None, "data.count": 40, "budget": "1steps"}
    plain = api.run("dcgan", tiny=True, options=few, out=tmp_path / "few")
    code, _, err = evaluate(folder=plain.folder)
    assert code == 3 and "leave too few to score on" in err


def test_a_metric_from_outside_and_one_that_fails(plugin_site, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("GANZOO_PLUGINS", "richness")
    chosen = ["--set", "metrics=richness,hopeless", "--set", "score_images=50", "--set", "data.count=200"]
    trained = ["run", "dcgan", "--tiny", "--device=cpu", "--budget=2steps", "--score-every=1steps"]
    with importable(plugin_site):
        assert run_command([*trained, "--out", str(tmp_path / "r"), *chosen]) == 0
    said = capsys.readouterr().out
    assert said.count("metric 'hopeless' failed") == 1
    assert "RuntimeError: no hope with 50 images" in said
    assert [set(score.others) for score in recorded_scores(tmp_path / "r")] == [{"richness"}] * 2
