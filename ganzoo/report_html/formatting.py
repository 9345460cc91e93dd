"""Numbers as reports show them."""

from ganzoo.runs.evaluation import Interval
from ganzoo.runs.protocol import Protocol


def count(number: float | None) -> str:
    """A whole number with thousands separators: "378,080"; a dash where it is unknown."""
    return "–" if number is None else f"{number:,.0f}"  # noqa: RUF001  # a dash as in the other cells


def score(number: float, scale: int = 1000) -> str:
    """A score times `scale`, with one decimal: "93.4"."""
    text = f"{scale * number:.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", "\u2212")


def between(interval: Interval, scale: int = 1000) -> str:
    """The ends of an interval times `scale`: "80.1 to 106.0"."""
    return f"{score(interval.low, scale)} to {score(interval.high, scale)}"


def title(protocol: Protocol) -> str:
    """What scores are called in the head of a table: "KID-lite0 x 1000", or "% left by lite0"."""
    if protocol.painted:
        return f"% left by {protocol.encoder_name}"
    return f"{protocol.metric} \u00d7 {protocol.scale}"


def value(number: float) -> str:
    """Any other value: three significant digits, or all digits of a number from 1000 on."""
    return (f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}").replace("-", "\u2212")


def short(number: float) -> str:
    """A number for an axis: "1500", "32k", "15M"."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(number) >= 10 * size:
            return f"{number / size:g}{unit}".replace("-", "\u2212")
    return f"{number:.4g}".replace("-", "\u2212")
