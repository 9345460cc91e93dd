"""The tables of `ganzoo compare`: what is common to all rows, the ranking, what it cost, and what failed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ganzoo.cli.console import Format, rows_as, say, table

if TYPE_CHECKING:
    from ganzoo.comparing.comparison import Comparison
    from ganzoo.comparing.rows import Row, Standing
    from ganzoo.runs.evaluation import Interval
    from ganzoo.runs.protocol import Protocol

_DIGITS = 12
"""Of a fingerprint that is shown."""
RANKING = ("#", "rank", "name", "best", "last", "seeds", "tied with")
COST = ("name", "best at", "images", "img/s", "time", "params", "memory", "licence")


def print_comparison(done: "Comparison", form: Format) -> None:
    """Prints it as tables that fit 80 columns, or in the form that was asked for."""
    if form is not Format.TABLE:
        rows_as(form, done.to_rows(), ())
        return
    runs = {one.name: [row for row in done.rows if row.name == one.name and row.last] for one in done.standings}
    numbers = {one.name: number for number, one in enumerate(done.standings, 1)}
    if done.standings:
        for line in _terms(done, runs):
            say(line)
        ranking = [
            {**_ranking(one, numbers, _scale(runs[one.name])), **_kept(runs[one.name])} for one in done.standings
        ]
        kept = [name for name in dict.fromkeys(key for one in ranking for key in one) if name not in RANKING]
        first = 2 if done.why_not else 0  # nothing that looks like a rank
        table(ranking, (*RANKING[first:4], *kept, *RANKING[4:]), folding=("name",))
        cost = [_cost(name, rows) for name, rows in runs.items()]
        begun = [key for key in ("from",) if any(one[key] for one in cost)]
        table(cost, (COST[0], *begun, *COST[1:]), folding=("name", "from"))
    bad = [{"name": f"{row.name}, seed {row.seed}", "status": row.status, "reason": row.reason} for row in done.rows]
    if failed := [row for row in bad if row["status"] != "done"]:
        table(failed, ("name", "status", "reason"), folding=("reason",))
    say(f"pictures and curves: {done.folder / 'report.html'}")


def _terms(done: "Comparison", runs: "Mapping[str, list[Row]]") -> "Iterator[str]":
    """How the scores came about. Those of one kind stand together, under their names where there are several kinds."""
    from ganzoo.comparing.rows import joint

    if done.why_not:
        yield "not ranked: these scores can't be compared"
    kinds: dict[Protocol, list[Standing]] = {}
    for one in done.standings:
        kinds.setdefault(next(row.last for row in runs[one.name] if row.last).protocol, []).append(one)
    for protocol, alike in kinds.items():
        if len(kinds) > 1:
            yield f"{', '.join(one.name for one in alike)}:"
        yield from (_painted_terms if protocol.painted else _drawn_terms)(protocol, alike[0])
        budgets = joint(row.budget for one in alike for row in runs[one.name])
        yield f"  budget {budgets}, encoder {protocol.encoder[:_DIGITS]}"


def _drawn_terms(protocol: "Protocol", standing: "Standing") -> "Iterator[str]":
    floor, ceiling = (_number(value, protocol.scale) for value in (standing.floor.value, standing.ceiling))
    yield f"{protocol.metric} x1000, lower is better, with the 95 % interval over all seeds"
    if protocol.sources:
        yield f"  quick score: thumbnails of {protocol.size} px, {protocol.n_fake} held-out photos translated,"
        yield f"  against {protocol.n_real} paintings; half of the paintings scores {floor}, photos {ceiling}"
        yield "  content: likeness of features with the photo, 1 keeps all; look at both"
        return
    yield f"  {protocol.n_fake} drawn images against {protocol.n_real} real ones that were held out, {protocol.size} px"
    yield f"  other real images score {floor}, noise {ceiling}"


def _painted_terms(protocol: "Protocol", standing: "Standing") -> "Iterator[str]":
    floor, high = (_number(value, protocol.scale) for value in (standing.floor.value, standing.floor.high))
    yield f"{protocol.metric}: % of the photos' distance from the paintings that is left, lower"
    yield "  is better, with the 95 % interval over all seeds; photos as they are have 100"
    yield f"  painted score: {protocol.n_fake} held-out photos, painted at {protocol.painted_at} px, against"
    yield f"  {protocol.n_real} paintings, whole at {protocol.size} px and in crops, {protocol.crops}"
    yield f"  other paintings have {floor} left, by chance up to {high}"
    yield "  content, contours: likeness with the photo, 1 keeps all; look at both sides"


def _scale(rows: "list[Row]") -> int:
    return next(row.last.protocol.scale for row in rows if row.last)


def _kept(rows: "list[Row]") -> dict[str, object]:
    """Of translators, what further encoders see, and what the best scores left of the photos; means over the seeds."""
    best = [row.best for row in rows if row.best]
    columns: dict[str, list[float]] = {}
    for one in best:
        for further in one.beside:
            columns.setdefault(further.protocol.encoder_name, []).append(further.score.value)
    found: dict[str, object] = {name: f"{sum(values) / len(values):.0f}" for name, values in columns.items()}
    names = ("content", "contours") if any(one.protocol.painted for one in best) else ("content",)
    for name in names:
        if values := [one.others[name] for one in best if name in one.others]:
            found[name] = f"{sum(values) / len(values):.2f}"
    return found


def _ranking(one: "Standing", numbers: Mapping[str, int], scale: int) -> dict[str, object]:
    return {
        "#": numbers[one.name],
        "rank": one.rank,
        "name": one.name,
        "best": _interval(one.best, scale),
        "last": _interval(one.last, scale),
        "seeds": one.seeds,
        "tied with": ", ".join(f"#{number}" for number in sorted(numbers[name] for name in one.ties)),
    }


def _cost(name: str, rows: "list[Row]") -> dict[str, object]:
    memory = [row.peak_memory_mb for row in rows if row.peak_memory_mb is not None]
    return {
        "name": name,
        "from": ", ".join(dict.fromkeys(row.start for row in rows if row.start)),
        "best at": ", ".join(str(row.best.step) for row in rows if row.best),
        "images": _mean((row.images for row in rows), "{:.1f}k", 1000),
        "img/s": _mean((row.images_per_second for row in rows), "{:.0f}"),
        "time": _mean((row.seconds for row in rows), "{:.0f} s"),
        "params": f"{sum(rows[0].parameters.values()) / 1e6:.2f}M",
        "memory": f"{max(memory):.0f} MB" if memory else "",
        "licence": rows[0].license,
    }


def _mean(values: Iterable[float | None], text: str, unit: int = 1) -> str:
    """The mean over the seeds of which it is known, as `text` shows it; empty where it is known of none."""
    known = [value for value in values if value is not None]
    return text.format(sum(known) / len(known) / unit) if known else ""


def _interval(interval: "Interval", scale: int) -> str:
    low, high = _number(interval.low, scale), _number(interval.high, scale)
    return f"{_number(interval.value, scale)} ({low}–{high})"  # noqa: RUF001  # a range


def _number(value: float, scale: int) -> str:
    """As shown; tenths only where they may matter."""
    return f"{scale * value:.1f}" if scale > 1 and abs(value) < 0.1 else f"{round(scale * value)}"
