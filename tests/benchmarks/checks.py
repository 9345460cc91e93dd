"""The seconds of `ganzoo check` for each built-in model and part, one at a time, and what was not clean.

The seconds of the processor, those of second processes included, say how long it takes on one core that is idle.
"""

import resource
import time

from ganzoo.config.resolve import open_catalog
from ganzoo.testing.conform import check_name, installed, of_plugin

_SLOWEST = 3


def main() -> None:
    """Prints a table."""
    print(
        "| model or part | seconds | of the processor | checks | failed | slowest checks |\n|---|---|---|---|---|---|"
    )
    for plugin in installed(open_catalog(third_party=False)):
        for one in of_plugin(plugin):
            print(row(str(one)), flush=True)


def row(name: str) -> str:
    """One model or part."""
    started, used = time.perf_counter(), processor_seconds()
    report = check_name(name, open_catalog(third_party=False))
    seconds, used = time.perf_counter() - started, processor_seconds() - used
    slowest = sorted(report.results, key=lambda result: -result.seconds)[:_SLOWEST]
    named = ", ".join(f"{result.check} {result.seconds:.1f}" for result in slowest)
    failed = ", ".join(result.check for result in report.failures) or "none"
    return f"| {name} | {seconds:.1f} | {used:.1f} | {report.ran} | {failed} | {named} |"


def processor_seconds() -> float:
    """Used so far by this process and those that it started."""
    own, others = (resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
