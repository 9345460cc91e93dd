"""A check: one rule, its name and the function that looks whether a subject keeps it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganzoo.errors import one_line
from ganzoo.testing.outcome import CheckFailed, NotApplicable, Result, Status

BUILDS = "builds"
"""The check without which no later one can say anything."""


@dataclass(frozen=True)
class Check:
    """A rule. `look` returns when the subject keeps it, and otherwise calls `fail` or `skip` of `outcome`."""

    look: Callable[[Any], None]

    @property
    def name(self) -> str:
        """The function's name as users write it: "declaration-light"."""
        return self.look.__name__.replace("_", "-")

    @property
    def rule(self) -> str:
        """What must hold: the first line of the docstring."""
        return (self.look.__doc__ or "").strip().splitlines()[0]

    def run(self, subject: Any) -> Result:
        """Looks, and times it."""
        started = time.perf_counter()
        status: Status
        try:
            self.look(subject)
            status, message = "passed", ""
        except NotApplicable as reason:
            status, message = "not applicable", str(reason)
        except CheckFailed as finding:
            status, message = "failed", str(finding)
        except Exception as error:  # whatever a plugin raises is a finding about the plugin
            status, message = "failed", f"raised {one_line(error)}"
        seconds = time.perf_counter() - started
        return Result(subject=str(subject), check=self.name, status=status, message=message, seconds=seconds)


def run_checks(checks: Iterable[Check], subject: Any) -> list[Result]:
    """All checks on one subject, up to one that says that it can't even be built."""
    results = []
    for check in checks:
        results.append(check.run(subject))
        if check.name == BUILDS and results[-1].status != "passed":
            break
    return results


def as_expected(results: Sequence[Result], expected: Mapping[str, str]) -> list[Result]:
    """The results, with failures of expected checks excused, and a failure for each of these that never failed."""
    failing = {result.check for result in results if result.status == "failed"}
    judged = [
        replace(result, status="expected", message=f"{expected[result.check]} ({result.message})")
        if result.status == "failed" and result.check in expected
        else result
        for result in results
    ]
    subject = results[0].subject if results else ""
    return judged + [
        Result(
            subject=subject,
            check=name,
            status="failed",
            message=f"was expected to fail ({reason}) but does not: take it off the list",
        )
        for name, reason in expected.items()
        if name not in failing
    ]
