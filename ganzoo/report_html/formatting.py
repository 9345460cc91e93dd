"""Numbers as people read them."""

from ganzoo.runs.evaluation import Interval


def count(number: float) -> str:
    """A whole number in groups of three: "378,080"."""
    return f"{number:,.0f}"


def score(number: float) -> str:
    """A score in thousandths."""
    return f"{1000 * number:.1f}".replace("-", "\u2212")


def between(interval: Interval) -> str:
    """The ends of an interval in thousandths."""
    return f"{score(interval.low)} to {score(interval.high)}"


def value(number: float) -> str:
    """Any other value: three significant digits, all of them of a large number."""
    return (f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}").replace("-", "\u2212")


def short(number: float) -> str:
    """A number on an axis: "1500", "32k", "15M"."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(number) >= 10 * size:
            return f"{number / size:g}{unit}".replace("-", "\u2212")
    return f"{number:.4g}".replace("-", "\u2212")
