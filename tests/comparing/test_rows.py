"""Ranks, ties and the reasons for no ranking, on made-up rows."""

from dataclasses import replace

import pytest

from ganzoo.cli.compare import _cost
from ganzoo.comparing.rows import Row, _is_strange, chosen_alike, standings, why_unranked
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.protocol import Protocol

PROTOCOL = {
    "metric": "KID-lite0",
    "data": "content:1",
    "size": "64x64",
    "held_out": "10 of 100",
    "n_real": 10,
    "n_fake": 50,
    "encoder": "abc",
    "preprocessing": "none",
}


def evaluation(value: float, width: float = 1.0, **protocol: object) -> Evaluation:
    return Evaluation(
        protocol=Protocol(**{**PROTOCOL, **protocol}),  # type: ignore[arg-type]
        score=Interval(value=value, low=value - width, high=value + width),
        floor=Interval(value=0, low=-1, high=1),
        ceiling=100.0,
        others={},
        step=1,
        weights="ema",
    )


def row(name: str, best: float, last: float | None = None, seed: int = 0, **more: object) -> Row:
    score = evaluation(best, **more)
    return Row(name=name, seed=seed, folder=name, best=score, last=evaluation(last or best, **more))


def test_a_rank_counts_the_names_that_are_better_beyond_doubt() -> None:
    by_name = {one.name: one for one in standings([row("c", 9), row("a", 1), row("b", 2.5)])}
    assert {name: one.rank for name, one in by_name.items()} == {"a": 1, "b": 1, "c": 3}
    assert (by_name["a"].ties, by_name["b"].ties, by_name["c"].ties) == (("b",), ("a",), ())
    assert [one.name for one in standings([row("c", 9), row("a", 1)])] == ["a", "c"]


def test_the_interval_over_several_seeds_covers_that_of_each_seed() -> None:
    (one,) = standings([row("a", 1), row("a", 5, last=7, seed=1)])
    assert (one.seeds, one.best) == (2, Interval(value=3, low=0, high=6))
    assert one.last == Interval(value=4, low=0, high=8)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", "content:2"),
        ("size", "32x32"),
        ("encoder", "def"),
        ("n_fake", 51),
        ("metric", "FID"),
        ("held_out", "x"),
    ],
)
def test_different_protocols_are_never_ranked_and_the_field_is_named(field: str, value: object) -> None:
    rows = [row("a", 1), row("b", 9, **{field: value})]
    assert why_unranked(rows).startswith(f"'{field}' differs: ") and f"{value} for b" in why_unranked(rows)
    assert [one.rank for one in standings(rows)] == [None, None]
    assert all(one.ties == () for one in standings(rows))


def test_a_run_that_may_have_seen_held_out_images_is_never_ranked() -> None:
    rows = [row("a", 1), replace(row("b", 9), strange=True)]
    assert "b was trained on other images" in why_unranked(rows)
    assert [one.rank for one in standings(rows)] == [None, None]


def test_the_best_of_many_is_never_ranked_against_the_last_one() -> None:
    best = replace(row("a", 1, last=5), chosen="the best of 10 scores")
    rows = [best, row("b", 3)]
    assert why_unranked(rows) == "a stands there with the best of 10 scores, b with the last score"
    assert [one.rank for one in standings(rows)] == [None, None]
    alike = chosen_alike(rows)
    assert why_unranked(alike) == "" and [one.name for one in standings(alike)] == ["b", "a"]
    assert chosen_alike([best, replace(best, name="c")]) == [best, replace(best, name="c")], "alike already"


def test_a_checkpoint_that_the_user_named_is_not_replaced() -> None:
    rows = [replace(row("a", 1), asked="BEST", chosen="the best of 3 scores"), row("b", 3)]
    assert chosen_alike(rows) == rows and "best of 3" in why_unranked(rows)


@pytest.mark.parametrize(
    ("sources", "trained_on", "strange"),
    [("", None, False), ("photos", "photos", False), ("photos", "others", True), ("photos", None, True)],
)
def test_a_translator_must_know_both_sides_of_the_score(sources: str, trained_on: str | None, strange: bool) -> None:
    content = {"data": {"fingerprint": "content:1"}, **({"sources": {"fingerprint": trained_on}} if trained_on else {})}
    assert _is_strange(evaluation(1, sources=sources), content) is strange


def test_what_is_not_known_of_a_run_is_left_empty_and_the_others_have_their_mean() -> None:
    known = {"images": 2000, "images_per_second": 4.0, "seconds": 60.0, "peak_memory_mb": 300.0}
    killed, whole = row("a", 1), replace(row("a", 2, seed=1), **known)  # type: ignore[arg-type]
    assert [_cost("a", [killed])[key] for key in ("images", "img/s", "time", "memory")] == [""] * 4
    shown = [_cost("a", [killed, whole])[key] for key in ("images", "img/s", "time", "memory")]
    assert shown == ["2.0k", "4", "60 s", "300 MB"]


def test_a_failed_run_has_no_standing_and_does_not_affect_others() -> None:
    failed = Row(name="bad", seed=0, folder="bad", status="failed", reason="broken")
    assert [one.name for one in standings([failed, row("a", 1)])] == ["a"]
    assert why_unranked([failed]) == "" and standings([failed]) == []
