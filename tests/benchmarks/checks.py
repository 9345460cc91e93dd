"""The seconds of `ganzoo check` for each built-in model and part, one at a time, and what was not clean."""

import time

from ganzoo.config.resolve import open_catalog
from ganzoo.testing.conform import check_name, installed, of_plugin

_SLOWEST = 3


def main() -> None:
    """Prints a table."""
    print("| model or part | seconds | checks | failed | slowest checks |\n|---|---|---|---|---|")
    for plugin in installed(open_catalog(third_party=False)):
        for one in of_plugin(plugin):
            print(row(str(one)), flush=True)


def row(name: str) -> str:
    """One model or part."""
    started = time.perf_counter()
    report = check_name(name, open_catalog(third_party=False))
    seconds = time.perf_counter() - started
    slowest = sorted(report.results, key=lambda result: -result.seconds)[:_SLOWEST]
    named = ", ".join(f"{result.check} {result.seconds:.1f}" for result in slowest)
    failed = ", ".join(result.check for result in report.failures) or "none"
    return f"| {name} | {seconds:.1f} | {report.ran} | {failed} | {named} |"
