"""Curves as inline SVG.

The SVG is built as an XML tree, so no text in it needs escaping. Its colours come from the style sheet of the page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

from ganzoo.report_html.formatting import short
from ganzoo.runs.evaluation import Interval

COLOURS = 6
"""The number of line colours in the style sheet. Further lines reuse them, dashed."""
# The drawing area in SVG units: the whole chart, then the plot inside of it, which leaves room for the axis labels.
_WIDTH, _HEIGHT = 480.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 466.0, 12.0, 226.0
_MAX_POINTS = 400
_MAX_DOTS = 12
"""Lines with at most this many points get a dot for each."""
_STRIP_WIDTH = 200.0

Point = tuple[float, ...]
"""(x, y), or (x, y, low, high) with the interval of y."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One curve. Its points are in order of x. If they have intervals, a band is drawn around the curve."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Curves with a common x axis. `floor` is a dashed horizontal line, `mark` a ring at (x, y)."""

    title: str
    x_label: str
    lines: Sequence[Line]
    floor: float | None = None
    mark: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A linear map of values from `low` to `high` onto SVG units from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate at which the value is drawn, in SVG units."""
        fraction = (value - self.low) / (self.high - self.low)
        return round(self.start + fraction * (self.end - self.start), 2)


def thin(points: Sequence[Point], limit: int = _MAX_POINTS) -> list[Point]:
    """Reduces the points to at most `limit` by averaging groups of neighbours. Drops points that are not finite."""
    finite = [point for point in points if all(map(math.isfinite, point))]
    group = max(1, math.ceil(len(finite) / limit))
    groups = (finite[start : start + group] for start in range(0, len(finite), group))
    return [tuple(sum(column) / len(column) for column in zip(*members, strict=True)) for members in groups]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` round numbers from `low` to `high`, where low < high.

    Their distance is 1, 2 or 5 times a power of ten.
    """
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    # The 1e-9 keep a rounding error from losing the tick at either end.
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def draw(chart: Chart) -> Markup:
    """The chart as <svg>; empty when no line has a finite point."""
    lines = [thin(line.points) for line in chart.lines]
    points = [point for line in lines for point in line]
    if not points:
        return Markup()
    x, y = _scales(points, chart.floor)
    svg = _node(None, "svg", viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}", role="img", **{"aria-label": chart.title})
    _axes(svg, x, y, chart.x_label)
    if chart.floor is not None:
        _rule(svg, "floor", _LEFT, y(chart.floor), _RIGHT, y(chart.floor))
    for number, line in enumerate(lines):
        _curve(svg, _style(number), line, x, y)
    if chart.mark is not None:
        _node(svg, "circle", **{"class": "mark"}, cx=x(chart.mark[0]), cy=y(chart.mark[1]), r=6)
    return _markup(svg)


def strip(interval: Interval, low: float, high: float, floor: float | None = None) -> Markup:
    """One interval as a bar with a dot, on a scale from `low` to `high`. Strips with the same scale can be compared."""
    x = Scale(low=low, high=high if high > low else low + 1, start=6, end=_STRIP_WIDTH - 6)
    svg = _node(None, "svg", viewBox=f"0 0 {_STRIP_WIDTH:g} 20", **{"class": "strip", "aria-hidden": "true"})
    _rule(svg, "grid", 0, 10, _STRIP_WIDTH, 10)
    if floor is not None:
        _rule(svg, "floor", x(floor), 1, x(floor), 19)
    _rule(svg, "reach", x(interval.low), 10, x(interval.high), 10)
    _node(svg, "circle", **{"class": "dot"}, cx=x(interval.value), cy=10, r=4.5)
    return _markup(svg)


def _scales(points: Sequence[Point], floor: float | None) -> tuple[Scale, Scale]:
    """The scales of x and y, on which all points and the floor fit."""
    xs = [point[0] for point in points]
    ys = [value for point in points for value in point[1:]] + ([] if floor is None else [floor])
    left, right = _range(min(xs), max(xs), margin=0)
    bottom, top = _range(min(ys), max(ys), margin=0.06)
    return (
        Scale(low=left, high=right, start=_LEFT, end=_RIGHT),
        Scale(low=bottom, high=top, start=_BOTTOM, end=_TOP),
    )


def _range(low: float, high: float, *, margin: float) -> tuple[float, float]:
    """The range, extended at both ends by `margin` times its length. A single value gets some room on both sides."""
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


def _style(number: int) -> str:
    """The CSS classes of the line with that number: its colour, and dashes when the colour is used again."""
    return f"c{number % COLOURS}{' again' if number >= COLOURS else ''}"


def _curve(svg: ElementTree.Element, style: str, points: Sequence[Point], x: Scale, y: Scale) -> None:
    if points and len(points[0]) == 4:
        _band(svg, style, points, x, y)
    _node(svg, "polyline", **{"class": f"curve {style}"}, points=_path(points, x, y))
    if len(points) <= _MAX_DOTS:
        for point in points:
            _node(svg, "circle", **{"class": f"point {style}"}, cx=x(point[0]), cy=y(point[1]), r=3)


def _band(svg: ElementTree.Element, style: str, points: Sequence[Point], x: Scale, y: Scale) -> None:
    """The area between the ends of the intervals; for a single point, a vertical line."""
    if len(points) == 1:
        px, _, low, high = points[0]
        _rule(svg, f"curve {style}", x(px), y(low), x(px), y(high))
        return
    outline = [(px, low) for px, _, low, _ in points] + [(px, high) for px, _, _, high in reversed(points)]
    _node(svg, "polygon", **{"class": f"band {style}"}, points=_path(outline, x, y))


def _path(points: Sequence[Point], x: Scale, y: Scale) -> str:
    """The points as the `points` attribute of a polyline or polygon."""
    return " ".join(f"{x(point[0]):g},{y(point[1]):g}" for point in points)


def _rule(svg: ElementTree.Element, style: str, x1: float, y1: float, x2: float, y2: float) -> None:
    """A straight line."""
    _node(svg, "line", **{"class": style}, x1=x1, y1=y1, x2=x2, y2=y2)


def _text(svg: ElementTree.Element, text: str, x: float, y: float, anchor: str) -> None:
    _node(svg, "text", x=x, y=y, **{"text-anchor": anchor}).text = text


def _node(parent: ElementTree.Element | None, tag: str, **attributes: object) -> ElementTree.Element:
    """A new element: the root of a tree if `parent` is None, else its last child."""
    texts = {name: str(value) for name, value in attributes.items()}
    return ElementTree.Element(tag, texts) if parent is None else ElementTree.SubElement(parent, tag, texts)


def _markup(svg: ElementTree.Element) -> Markup:
    return Markup(ElementTree.tostring(svg, encoding="unicode", short_empty_elements=False))
