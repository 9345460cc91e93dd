"""Results are appended to a registry, whose other lines stay as they are."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
import yaml

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.registry import load_registry
from ganzoo.cli import run_command
from ganzoo.cli.rows import cached_rows
from ganzoo.comparing import record as recording
from ganzoo.comparing.record import fingerprint_of, with_results
from ganzoo.comparing.rows import Row
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.errors import UsageError
from ganzoo.runs.evaluation import Evaluation

SHIPPED = Path(__file__).parents[2] / "registry.yaml"
RESULT = {
    "name": "dcgan",
    "metric": "KID-lite0",
    "data": "scenes",
    "budget": "5min",
    "score": 0.1,
    "interval": [0.05, 0.15],
    "floor": 0.0,
}


def test_entries_are_appended_and_everything_else_stays() -> None:
    text = SHIPPED.read_text()
    once = with_results(text, [RESULT])
    twice = with_results(once, [{**RESULT, "score": 0.2}])
    before, after = yaml.safe_load(text), yaml.safe_load(twice)
    assert after["results"][-2:] == [RESULT, {**RESULT, "score": 0.2}]
    assert {**after, "results": None} == {**before, "results": None}
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in twice.splitlines() if line.startswith("#")
    ]


@pytest.mark.parametrize("text", ["schema: 1\n", "schema: 1\nresults: []\n", "schema: 1\nresults:\ncommunity: {}\n"])
def test_a_missing_section_is_added(text: str) -> None:
    assert yaml.safe_load(with_results(text, [RESULT]))["results"] == [RESULT]


def test_records_at_the_same_time_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "own.yaml", tmp_path / "link.yaml"
    file.write_text("schema: 1\n")
    link.symlink_to(file)
    monkeypatch.setattr(recording, "_entry", lambda row, *_: {**RESULT, "score": float(row.seed)})
    rows = [Row(name="dcgan", seed=n, folder="", best=cast(Evaluation, object())) for n in range(24)]
    with ThreadPoolExecutor(6) as pool:
        done = [
            pool.submit(recording.record, link if row.seed % 2 else file, [row], {}, cast(Catalog, None))
            for row in rows
        ]
    assert [one.result() for one in done] == [1] * 24
    assert sorted(one["score"] for one in yaml.safe_load(file.read_text())["results"]) == list(range(24))
    assert link.is_symlink()


def test_results_are_read_best_first(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(with_results("schema: 1\n", [RESULT, {**RESULT, "score": 0.05}, {**RESULT, "name": "other"}]))
    found = load_registry(file).results_of("dcgan")
    assert [result["score"] for result in found if result["score"] in (0.1, 0.05)][:2] == [0.05, 0.1]


def test_the_list_shows_the_mean_over_seeds_with_interval_and_floor(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    seeds = [RESULT, {**RESULT, "score": 0.2, "interval": [0.15, 0.3]}]
    seeds = [{**seed, "date": "2026-01-01"} for seed in seeds]
    file.write_text(with_results("schema: 1\n", [*seeds, {**RESULT, "budget": "1min", "date": "2001-01-01"}]))
    rows = {row["name"]: row for row in cached_rows(third_party=False, registry=file)}
    assert rows["dcgan"]["score"] == "150 (50 to 300, real 0) KID-lite0, scenes, 5min"
    registry = load_registry(file)
    silent = next(name for name in rows if name not in registry.published and not registry.results_of(name))
    assert rows[silent]["score"] == ""


def test_own_results_are_shown_before_shipped_ones_even_when_older(tmp_path: Path) -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["results"][-1]
    now = load_registry().presets[shipped["name"]].fingerprint
    own = {**RESULT, "name": shipped["name"], "date": "2001-01-01", "settings_fingerprint": now}
    file = tmp_path / "own.yaml"
    file.write_text(with_results("schema: 1\n", [own]))
    registry = load_registry(file)
    assert registry.newest_of(shipped["name"]) == own
    assert len(registry.results_of(shipped["name"])) > 1 and registry.newest_of("nothing") is None


PRESET = "schema: 1\npresets: {mine: {model: dcgan, summary: mine, set: {lr: %s, budget: %s}}}\n"


def test_a_result_of_other_settings_is_not_that_of_the_preset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"

    def listed(*found: dict[str, object], lr: str = "1e-4", budget: str = "10min") -> str:
        file.write_text(with_results(PRESET % (lr, budget), [{**RESULT, "name": "mine", **one} for one in found]))
        cached = cached_rows(third_party=False, registry=file)
        return next(row["score"] for row in cached if row["name"] == "mine")

    file.write_text(PRESET % ("1e-4", "10min"))
    now = {"settings_fingerprint": load_registry(file).presets["mine"].fingerprint}
    assert listed(now).startswith("100 (50 to 150") and listed(now, budget="20min") == listed(now)
    assert listed({**now, "sources": "photos"}).endswith("quick KID-lite0, scenes, 5min"), "thumbnails of a translator"
    assert listed(now, lr="2e-4") == "" and listed({}) == ""
    older = {"score": 0.01, "interval": [0.0, 0.02], "date": "2099-01-01"}
    assert listed(now) == listed(now, older)
    assert run_command(["--no-plugins", "--registry", str(file), "show", "mine", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)[0]["results"]
    assert [(one["score"], one["current"]) for one in shown] == [(0.01, False), (0.1, True)]


def test_a_recorded_result_tells_the_settings_of_its_preset(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"

    def told(now_lr: str, **given: str) -> dict[str, str]:
        file.write_text(PRESET % (now_lr, "10min"))
        catalog = open_catalog(third_party=False, registry=file)
        return fingerprint_of("mine", configure_run("mine", at_first, options=given).describe(), catalog)

    file.write_text(PRESET % ("1e-4", "10min"))
    at_first = open_catalog(third_party=False, registry=file)
    now = {"settings_fingerprint": at_first.registry.presets["mine"].fingerprint}
    assert told("1e-4") == told("1e-4", budget="1min", lr="3e-4") == now
    assert told("2e-4") == {}, "it has another lr since"
    file.write_text(PRESET.replace("lr: %s", "lr: %s, beta1: 0.1") % ("1e-4", "10min"))
    more = open_catalog(third_party=False, registry=file)
    assert fingerprint_of("mine", configure_run("mine", at_first).describe(), more) == {}, "it sets more since"
    assert fingerprint_of("dcgan", configure_run("dcgan", more).describe(), more) == {}, "it is no preset"


def test_shipped_results_tell_the_settings_of_their_presets() -> None:
    registry = load_registry()
    told = [result for results in registry.results for result in results if "settings_fingerprint" in result]
    assert told and all(result["name"] in registry.presets for result in told)
    assert any(registry.is_current(result) for result in told)


@pytest.mark.parametrize("change", [{"score": "high"}, {"interval": [1]}, {"floor": None}, {"name": 3}])
def test_an_invalid_result_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(with_results("schema: 1\n", [{**RESULT, **change}]))
    with pytest.raises(UsageError, match="a result needs"):
        load_registry(file)
