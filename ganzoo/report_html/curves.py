"""Curves as inline SVG, built as a tree, so that nothing in them needs escaping. Colours come from the page's style."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

from ganzoo.report_html.words import short
from ganzoo.runs.evaluation import Interval

COLOURS = 6
"""Line colours that the style has; further lines take them again, dashed."""
_WIDTH, _HEIGHT = 480.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 466.0, 12.0, 226.0
_POINTS = 400
_STRIP = 200.0

Point = tuple[float, ...]
"""x and y, or x, y and the ends of y's interval."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One curve, its points in order of x; a band is drawn where they have four values."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Curves over one axis. `floor` is drawn dashed, `mark` as a ring."""

    title: str
    x_label: str
    lines: Sequence[Line]
    floor: float | None = None
    mark: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A linear map from values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel at which the value is drawn."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


def thin(points: Sequence[Point], limit: int = _POINTS) -> list[Point]:
    """At most `limit` points: the means of equally many neighbours each; points that are not finite are left out."""
    finite = [point for point in points if all(map(math.isfinite, point))]
    group = max(1, math.ceil(len(finite) / limit))
    groups = (finite[start : start + group] for start in range(0, len(finite), group))
    return [tuple(sum(column) / len(column) for column in zip(*some, strict=True)) for some in groups]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, `most` or fewer; low < high."""
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def draw(chart: Chart) -> Markup:
    """The chart as <svg>; empty when there is nothing to draw."""
    lines = [(number, thin(line.points)) for number, line in enumerate(chart.lines)]
    points = [point for _, line in lines for point in line]
    if not points:
        return Markup()
    x, y = _scales(points, chart.floor)
    svg = _node(None, "svg", viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}", role="img", **{"aria-label": chart.title})
    _axes(svg, x, y, chart.x_label)
    if chart.floor is not None:
        _rule(svg, "floor", _LEFT, y(chart.floor), _RIGHT, y(chart.floor))
    for number, line in lines:
        _curve(svg, number, line, x, y)
    if chart.mark is not None:
        _node(svg, "circle", **{"class": "mark"}, cx=x(chart.mark[0]), cy=y(chart.mark[1]), r=6)
    return _markup(svg)


def strip(interval: Interval, low: float, high: float, floor: float | None = None) -> Markup:
    """One interval as a bar with a dot, on a scale from `low` to `high` that other strips share."""
    x = Scale(low=low, high=high if high > low else low + 1, start=6, end=_STRIP - 6)
    svg = _node(None, "svg", viewBox=f"0 0 {_STRIP:g} 20", **{"class": "strip", "aria-hidden": "true"})
    _rule(svg, "grid", 0, 10, _STRIP, 10)
    if floor is not None:
        _rule(svg, "floor", x(floor), 1, x(floor), 19)
    _rule(svg, "reach", x(interval.low), 10, x(interval.high), 10)
    _node(svg, "circle", **{"class": "dot"}, cx=x(interval.value), cy=10, r=4.5)
    return _markup(svg)


def _scales(points: Sequence[Point], floor: float | None) -> tuple[Scale, Scale]:
    across = [point[0] for point in points]
    up = [value for point in points for value in point[1:]] + ([] if floor is None else [floor])
    left, right = _span(min(across), max(across), 0)
    bottom, top = _span(min(up), max(up), 0.06)
    return (
        Scale(low=left, high=right, start=_LEFT, end=_RIGHT),
        Scale(low=bottom, high=top, start=_BOTTOM, end=_TOP),
    )


def _span(low: float, high: float, margin: float) -> tuple[float, float]:
    """The range with a margin; a single value gets room on both sides."""
    room = margin * (high - low) if high > low else abs(high) * 0.5 or 1.0
    return low - room, high + room


def _axes(svg: ElementTree.Element, x: Scale, y: Scale, label: str) -> None:
    for value in ticks(y.low, y.high, 6):
        _rule(svg, "grid", _LEFT, y(value), _RIGHT, y(value))
        _text(svg, short(value), _LEFT - 7, y(value) + 4.5, "end")
    for value in ticks(x.low, x.high, 6):
        _rule(svg, "axis", x(value), _BOTTOM, x(value), _BOTTOM + 4)
        _text(svg, short(value), x(value), _BOTTOM + 20, "middle")
    _rule(svg, "axis", _LEFT, _BOTTOM, _RIGHT, _BOTTOM)
    _text(svg, label, (_LEFT + _RIGHT) / 2, _HEIGHT - 5, "middle")


def _curve(svg: ElementTree.Element, number: int, points: Sequence[Point], x: Scale, y: Scale) -> None:
    style = f"c{number % COLOURS}{' again' if number >= COLOURS else ''}"
    if points and len(points[0]) == 4:
        edge = [(px, low) for px, _, low, _ in points] + [(px, high) for px, _, _, high in reversed(points)]
        if len(points) > 1:
            _node(svg, "polygon", **{"class": f"band {style}"}, points=_path(edge, x, y))
        else:
            px, _, low, high = points[0]
            _rule(svg, f"curve {style}", x(px), y(low), x(px), y(high))
    _node(svg, "polyline", **{"class": f"curve {style}"}, points=_path(points, x, y))
    if len(points) <= 12:
        for point in points:
            _node(svg, "circle", **{"class": f"point {style}"}, cx=x(point[0]), cy=y(point[1]), r=3)


def _path(points: Sequence[Point], x: Scale, y: Scale) -> str:
    return " ".join(f"{x(point[0]):g},{y(point[1]):g}" for point in points)


def _rule(svg: ElementTree.Element, style: str, x1: float, y1: float, x2: float, y2: float) -> None:
    _node(svg, "line", **{"class": style}, x1=x1, y1=y1, x2=x2, y2=y2)


def _text(svg: ElementTree.Element, text: str, x: float, y: float, anchor: str) -> None:
    _node(svg, "text", x=x, y=y, **{"text-anchor": anchor}).text = text


def _node(parent: ElementTree.Element | None, tag: str, **attributes: object) -> ElementTree.Element:
    texts = {name: str(value) for name, value in attributes.items()}
    return ElementTree.Element(tag, texts) if parent is None else ElementTree.SubElement(parent, tag, texts)


def _markup(svg: ElementTree.Element) -> Markup:
    return Markup(ElementTree.tostring(svg, encoding="unicode", short_empty_elements=False))
