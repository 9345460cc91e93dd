"""Numbers as reports show them."""

from ganzoo.runs.evaluation import Interval


def count(number: float) -> str:
    """A whole number with thousands separators: "378,080"."""
    return f"{number:,.0f}"


def score(number: float) -> str:
    """A score times 1000, with one decimal: "93.4"."""
    return f"{1000 * number:.1f}".replace("-", "\u2212")


def between(interval: Interval) -> str:
    """The ends of an interval times 1000: "80.1 to 106.0"."""
    return f"{score(interval.low)} to {score(interval.high)}"


def value(number: float) -> str:
    """Any other value: three significant digits, or all digits of a number from 1000 on."""
    return (f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}").replace("-", "\u2212")


def short(number: float) -> str:
    """A number for an axis: "1500", "32k", "15M"."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(number) >= 10 * size:
            return f"{number / size:g}{unit}".replace("-", "\u2212")
    return f"{number:.4g}".replace("-", "\u2212")
