"""Results are appended to a registry, whose other lines stay as they are."""

from pathlib import Path

import pytest
import yaml

from ganzoo.catalog.registry import load_registry
from ganzoo.cli.rows import cached_rows
from ganzoo.comparing.record import with_results
from ganzoo.errors import UsageError

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
    silent = next(name for name in rows if not load_registry(file).results_of(name))
    assert rows[silent]["score"] == ""


def test_own_results_are_shown_before_shipped_ones_even_when_older(tmp_path: Path) -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["results"][-1]
    file = tmp_path / "own.yaml"
    file.write_text(with_results("schema: 1\n", [{**RESULT, "name": shipped["name"], "date": "2001-01-01"}]))
    registry = load_registry(file)
    assert registry.newest_of(shipped["name"]) == {**RESULT, "name": shipped["name"], "date": "2001-01-01"}
    assert len(registry.results_of(shipped["name"])) > 1 and registry.newest_of("nothing") is None


@pytest.mark.parametrize("change", [{"score": "high"}, {"interval": [1]}, {"floor": None}, {"name": 3}])
def test_an_invalid_result_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(with_results("schema: 1\n", [{**RESULT, **change}]))
    with pytest.raises(UsageError, match="a result needs"):
        load_registry(file)
