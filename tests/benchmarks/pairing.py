"""Paired timing. Contenders take turns, so that a machine that slows down affects all of them."""

import statistics
import time
from collections.abc import Callable, Mapping


def paired(contenders: Mapping[str, Callable[[], object]], rounds: int, warmup: int = 2) -> dict[str, list[float]]:
    """The seconds of each contender in each round."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(warmup + rounds):
        for name, action in contenders.items():
            started = time.perf_counter()
            action()
            if number >= warmup:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times as long `slow` took as `fast`: the median over the rounds."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))
