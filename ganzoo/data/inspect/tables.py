"""The findings of an inspection as table rows, as sentences, and as one mapping for JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations

from ganzoo.data.inspect.advice import Advice
from ganzoo.data.inspect.duplicates import KINDS
from ganzoo.data.inspect.facts import Facts, printable
from ganzoo.data.inspect.summary import Gap, Inspection, Spread, Summary

_NAMED = 10
"""How many files and pairs the tables list. JSON lists all."""


def figure_rows(inspection: Inspection) -> list[dict[str, object]]:
    """One row per figure and one column per side. Figures that no side has are left out."""
    columns = {summary.side: dict(_figures(inspection, summary)) for summary in inspection.summaries}
    names = dict.fromkeys(name for column in columns.values() for name in column)
    rows = [{"figure": name, **{side: column.get(name, "") for side, column in columns.items()}} for name in names]
    return [row for row in rows if any(value for key, value in row.items() if key != "figure")]


def _figures(inspection: Inspection, summary: Summary) -> Iterator[tuple[str, str]]:
    yield "source", printable(summary.origin)
    measured = f" ({summary.pictures} measured)" if summary.total != summary.pictures else ""
    yield "pictures", f"{summary.total}{measured}"
    yield "can't be used", str(summary.pictures - summary.usable)
    yield "formats", ", ".join(f"{name} {count}" for name, count in summary.formats.items())
    yield "labels", ", ".join(f"{name} {count}" for name, count in summary.labels.items())
    yield "width", _spread(summary.width)
    yield "height", _spread(summary.height)
    yield "width / height", _spread(summary.aspect, 2)
    yield "JPEG quality", _spread(summary.quality)
    for kind, name in zip(KINDS, ("exact copies", "nearly the same", "mirrored"), strict=True):
        yield name, str(len(inspection.between(summary.side, summary.side, kind)))
    yield "with a border", str(summary.bordered)
    yield "grey", str(summary.grey)
    yield "of one colour", str(summary.blank or "")
    if summary.lab_mean is not None:
        yield "lightness L*", f"{summary.lab_mean[0]:.1f} ± {summary.contrast:.1f}"
        yield "mean colour a*, b*", f"{summary.lab_mean[1]:+.1f}, {summary.lab_mean[2]:+.1f}"
        yield "colourfulness C*", f"{summary.chroma:.1f}"
    yield from ((note, str(count)) for note, count in summary.notes.items())


def _spread(values: Spread | None, digits: int = 0) -> str:
    """The median, with the 10 % and 90 % points if they differ."""
    if values is None:
        return ""
    low, middle, high = (f"{value:.{digits}f}" for value in values)
    return middle if low == high else f"{middle} ({low} to {high})"


def problem_rows(inspection: Inspection) -> tuple[list[dict[str, object]], int]:
    """The first files that can't be used, and the number of those not listed."""
    bad = [fact for fact in inspection.facts if not fact.usable]
    rows: list[dict[str, object]] = [
        {"side": fact.side, "file": one_line_name(fact.name), "problem": fact.problem} for fact in bad[:_NAMED]
    ]
    return rows, len(bad) - len(rows)


def pair_rows(inspection: Inspection) -> tuple[list[dict[str, object]], int]:
    """The first pairs, those between two sides before others, and the number of those not listed."""
    facts = inspection.facts
    pairs = sorted(inspection.pairs, key=lambda pair: facts[pair.first].side == facts[pair.second].side)
    rows: list[dict[str, object]] = [
        {
            "pair": pair.kind,
            "alike": f"{100 * pair.similarity:.0f} %",
            "one": _located(facts[pair.first]),
            "other": _located(facts[pair.second]),
        }
        for pair in pairs[:_NAMED]
    ]
    return rows, len(pairs) - len(rows)


def between_lines(inspection: Inspection) -> list[str]:
    """Sentences about pictures that two sides share, and about the gap between data and style."""
    sides = [summary.side for summary in inspection.summaries]
    lines = []
    for one, other in combinations(sides, 2):
        counts = {kind: len(inspection.between(one, other, kind)) for kind in KINDS}
        shared = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        lines.append(f"pictures that {one} and {other} share: {shared or 'none'}")
    return lines + ([gap_line(inspection.gap)] if inspection.gap else [])


def gap_line(gap: Gap) -> str:
    """The gap between the colours of data and style as a sentence."""
    words = [
        f"{abs(value):.1f} {more if value > 0 else less}"
        for value, more, less in (
            (gap.lightness, "lighter", "darker"),
            (gap.contrast, "more contrast", "less contrast"),
            (gap.chroma, "more colourful", "less colourful"),
        )
        if abs(value) >= 0.05
    ]
    jpeg = f"; its JPEG quality is {gap.quality:+.0f}" if gap.quality else ""
    return f"the style is {gap.distance:.1f} from the data in mean colour (L*a*b*): {', '.join(words) or 'equal'}{jpeg}"


def one_line_name(name: str) -> str:
    """A file's name in one line: its line breaks become escapes."""
    return printable(name).replace("\n", "\\n")


def _located(fact: Facts) -> str:
    return f"{fact.side}: {one_line_name(fact.name)}"


def record(
    inspection: Inspection, advice: Advice, throughput: Mapping[str, object], extra: Mapping[str, object]
) -> dict[str, object]:
    """All findings as JSON can hold them: figures by side, every file and pair, the gap, the advice, the throughput."""
    facts = inspection.facts
    return {
        "sides": {
            summary.side: {**asdict(summary), "origin": printable(summary.origin), "remarks": list(survey.remarks)}
            for summary, survey in zip(inspection.summaries, inspection.surveys, strict=True)
        },
        "gap": asdict(inspection.gap) if inspection.gap else None,
        "pairs": [
            {
                "kind": pair.kind,
                "likeness": pair.similarity,
                "files": [_reference(facts[pair.first]), _reference(facts[pair.second])],
            }
            for pair in inspection.pairs
        ],
        "advice": {**asdict(advice), "size": str(advice.size), "pace": dict(throughput)},
        "files": [fact.to_json() for fact in facts],
        **extra,
    }


def _reference(fact: Facts) -> dict[str, str]:
    return {"side": fact.side, "name": printable(fact.name)}


def problem_names(inspection: Inspection) -> Sequence[Mapping[str, object]]:
    """One row with the name of each file of the data that can't be used."""
    return [{"name": printable(fact.name)} for fact in inspection.facts if fact.side == "data" and not fact.usable]
