"""The figures of one or several data sets: counts, sizes, formats, JPEG quality, colours, and the gap between two."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganzoo.data.decode import ENLARGED, GREY
from ganzoo.data.inspect.duplicates import Kind, Pair, find_pairs
from ganzoo.data.inspect.facts import Facts, Side, Triple
from ganzoo.data.inspect.survey import Survey

_COUNTED = (ENLARGED, GREY)
"""Notes that are not counted again: one has a figure of its own, the other depends on the size of measurement."""
Spread = tuple[float, float, float]
"""The 10 % point, the median and the 90 % point."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of one side. Those of sizes and of the aspect, width / height, are over the usable files.

    `pictures` is the number of pictures that were measured, `total` that of all there are. `files` says whether the
    pictures are files.
    """

    side: Side
    origin: str
    pictures: int
    total: int
    usable: int
    files: bool
    formats: Mapping[str, int]
    shorter: Spread | None
    width: Spread | None
    height: Spread | None
    aspect: Spread | None
    blank: int
    grey: int
    bordered: int
    quality: Spread | None
    notes: Mapping[str, int]
    lab_mean: Triple | None
    contrast: float | None
    chroma: float | None
    labels: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How the style differs from the data. Colours are in L*a*b*, where a difference of about 2 is just visible.

    `distance` is the distance of the mean colours. The other fields are style minus data.
    """

    distance: float
    lightness: float
    contrast: float
    chroma: float
    quality: float | None


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """All findings. `facts` lists the pictures of all sides in turn; the numbers in `pairs` are indices into it."""

    surveys: tuple[Survey, ...]
    summaries: tuple[Summary, ...]
    facts: tuple[Facts, ...]
    pairs: tuple[Pair, ...]
    gap: Gap | None

    def summary(self, side: Side) -> Summary | None:
        """The figures of that side; None when the side was not given."""
        return next((summary for summary in self.summaries if summary.side == side), None)

    def between(self, one: Side, other: Side, kind: Kind | None = None) -> list[Pair]:
        """The pairs between two sides, or within one if both are the same; only those of `kind` if it is given."""
        return [
            pair
            for pair in self.pairs
            if {self.facts[pair.first].side, self.facts[pair.second].side} == {one, other} and kind in (None, pair.kind)
        ]


def inspect_surveys(surveys: Sequence[Survey]) -> Inspection:
    """Summarises the sides and finds pictures that are the same, within a side and between sides."""
    facts = tuple(fact for survey in surveys for fact in survey.facts)
    thumbs = np.concatenate([survey.thumbs for survey in surveys])
    usable = [number for number, fact in enumerate(facts) if fact.usable]
    pairs = find_pairs([facts[n].sha256 for n in usable], [facts[n].hash for n in usable], thumbs[usable])
    summaries = tuple(map(summarise, surveys))
    return Inspection(
        surveys=tuple(surveys),
        summaries=summaries,
        facts=facts,
        pairs=tuple(
            Pair(first=usable[p.first], second=usable[p.second], kind=p.kind, similarity=p.similarity) for p in pairs
        ),
        gap=colour_gap(summaries),
    )


def summarise(survey: Survey) -> Summary:
    """The figures of one side."""
    usable = [fact for fact in survey.facts if fact.usable]
    return Summary(
        side=survey.side,
        origin=survey.origin,
        pictures=len(survey.facts),
        total=survey.total or len(survey.facts),
        usable=len(usable),
        files=survey.root is not None,
        formats=dict(Counter(fact.format for fact in usable if fact.format).most_common()),
        **_sizes(usable),
        blank=sum(fact.blank for fact in usable),
        grey=sum(fact.grey and not fact.blank for fact in usable),
        bordered=sum(bool(fact.border) for fact in usable),
        quality=_spread([fact for fact in usable if fact.quality], lambda fact: fact.quality or 0),
        notes=dict(Counter(note for fact in usable for note in fact.notes if note not in _COUNTED).most_common()),
        lab_mean=_mean_colour(usable),
        contrast=_mean(fact.lab_std[0] for fact in usable),
        chroma=_mean(fact.chroma for fact in usable),
        labels=survey.labels,
    )


def _sizes(facts: Sequence[Facts]) -> dict[str, Spread | None]:
    """The spreads of the sizes. Pictures without files have no size of their own and are left out."""
    sized = [fact for fact in facts if fact.width]
    return {
        "shorter": _spread(sized, lambda fact: min(fact.width, fact.height)),
        "width": _spread(sized, lambda fact: fact.width),
        "height": _spread(sized, lambda fact: fact.height),
        "aspect": _spread(sized, lambda fact: fact.width / fact.height),
    }


def colour_gap(summaries: Iterable[Summary]) -> Gap | None:
    """How the style's colours and JPEG quality differ from those of the data; None unless both sides are given."""
    sides = {summary.side: summary for summary in summaries if summary.usable}
    data, style = sides.get("data"), sides.get("style")
    if data is None or style is None or data.lab_mean is None or style.lab_mean is None:
        return None
    return Gap(
        distance=round(math.dist(data.lab_mean, style.lab_mean), 2),
        lightness=round(style.lab_mean[0] - data.lab_mean[0], 2),
        contrast=round((style.contrast or 0) - (data.contrast or 0), 2),
        chroma=round((style.chroma or 0) - (data.chroma or 0), 2),
        quality=round(style.quality[1] - data.quality[1], 1) if data.quality and style.quality else None,
    )


def _spread(facts: Sequence[Facts], value: Callable[[Facts], float]) -> Spread | None:
    """The spread of a value over the pictures; None when there are none."""
    if not facts:
        return None
    low, middle, high = (round(float(v), 3) for v in np.percentile([value(fact) for fact in facts], [10, 50, 90]))
    return low, middle, high


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 2) if listed else None


def _mean_colour(facts: Sequence[Facts]) -> Triple | None:
    if not facts:
        return None
    first, second, third = (round(float(v), 2) for v in np.mean([fact.lab_mean for fact in facts], axis=0))
    return first, second, third
